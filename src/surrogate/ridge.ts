/**
 * Ridge regression in closed form. In the basis of the principal components the normal equations are diagonal, so that
 * one decomposition serves every penalty; the penalty is the one with the smallest leave-one-out error, which is exact.
 */
import { type Matrix, matrix } from '../base/index.js';
import { native } from '../native/index.js';
import { arrayOf, average, type FittedHead, type Head } from './head.js';
import type { RidgeOptions } from './presets.js';

interface State {
  /** The components: mean [cols], components [k, cols]. */
  readonly mean: Float32Array;
  readonly components: Float32Array;
  /** [k]: slope along each component. */
  readonly slopes: Float64Array;
  /** [k]: 1 / (sum of squares along the component + penalty). */
  readonly precisions: Float64Array;
  readonly intercept: number;
  readonly penalty: number;
  /** Variance of the targets about the model: such that leave-one-out residuals have the variance that is claimed. */
  readonly noise: number;
  /** Training rows. */
  readonly rows: number;
}

export const ridge: Head<RidgeOptions> = {
  fit({ threads }, x, y) {
    const { rows, cols } = x;
    const k = Math.min(rows - 1, cols);
    const { mean, components } = native().fitPca(x.data, rows, cols, k, threads);
    const z = matrix(rows, k, native().project(x.data, rows, cols, mean, components, k, threads));
    const intercept = average(y);
    const problem = new Problem(
      z,
      y.map((value) => value - intercept),
    );
    const penalty = problem.bestPenalty();
    const { slopes, precisions, noise } = problem.solve(penalty);
    return fitted({ mean, components, slopes, precisions, intercept, penalty, noise, rows });
  },
  load(header, arrays) {
    return fitted({
      ...(header as Pick<State, 'intercept' | 'penalty' | 'noise' | 'rows'>),
      mean: arrayOf(arrays, 'ridgeMean', Float32Array),
      components: arrayOf(arrays, 'ridgeComponents', Float32Array),
      slopes: arrayOf(arrays, 'slopes', Float64Array),
      precisions: arrayOf(arrays, 'precisions', Float64Array),
    });
  },
};

/** What a row may have left of itself in its own prediction, 1 - leverage, and still count: below, its residual is rounding. */
const leastFreedom = 1e-6;

/** Least squares of y, whose mean is 0, on columns that are orthogonal and of mean 0. */
class Problem {
  readonly #z: Matrix;
  readonly #y: Float64Array;
  /** [k] */
  readonly #squares: Float64Array;
  readonly #products: Float64Array;

  constructor(z: Matrix, y: Float64Array) {
    this.#z = z;
    this.#y = y;
    this.#squares = new Float64Array(z.cols);
    this.#products = new Float64Array(z.cols);
    for (let i = 0; i < z.rows; i++)
      for (let j = 0; j < z.cols; j++) {
        const value = z.data[i * z.cols + j]!;
        this.#squares[j]! += value * value;
        this.#products[j]! += value * y[i]!;
      }
  }

  /** A grid over ten decades around the mean sum of squares, then a third of its step around its best point. */
  bestPenalty(): number {
    const unit = average(this.#squares.filter((value) => value > 0));
    if (!(unit > 0)) return 1;
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    const attempt = (power: number) => {
      const { error } = this.solve(unit * 10 ** power);
      if (error < least) [least, best] = [error, power];
    };
    for (let power = -6; power <= 4; power += 0.5) attempt(power);
    const around = best;
    for (const step of [-1, 1]) attempt(around + step / 6);
    for (const step of [-2, 2]) attempt(around + step / 6);
    return unit * 10 ** best;
  }

  solve(penalty: number) {
    const { rows, cols, data } = this.#z;
    const precisions = this.#squares.map((square) => 1 / (square + penalty));
    const slopes = precisions.map((precision, j) => precision * this.#products[j]!);
    let error = 0;
    let noise = 0;
    for (let i = 0; i < rows; i++) {
      let residual = this.#y[i]!;
      let freedom = 1 - 1 / rows;
      for (let j = 0; j < cols; j++) {
        const value = data[i * cols + j]!;
        residual -= value * slopes[j]!;
        freedom -= value * value * precisions[j]!;
      }
      if (freedom < leastFreedom) error = Number.POSITIVE_INFINITY;
      else {
        // Left out, the row would be missed by residual / freedom, with a variance of noise / freedom.
        error += (residual / freedom) ** 2 / rows;
        noise += residual ** 2 / freedom / rows;
      }
    }
    return { precisions, slopes, error, noise };
  }
}

function fitted(state: State): FittedHead {
  const { mean, components, slopes, precisions, intercept, penalty, noise, rows } = state;
  const k = slopes.length;
  return {
    predict(x, threads) {
      const z = native().project(x.data, x.rows, x.cols, mean, components, k, threads);
      const means = new Float64Array(x.rows);
      const std = new Float64Array(x.rows);
      for (let i = 0; i < x.rows; i++) {
        let value = intercept;
        let spread = 1 + 1 / rows;
        for (let j = 0; j < k; j++) {
          const at = z[i * k + j]!;
          value += at * slopes[j]!;
          spread += at * at * precisions[j]!;
        }
        means[i] = value;
        std[i] = Math.sqrt(noise * spread);
      }
      return { mean: means, std };
    },
    header: { intercept, penalty, noise, rows },
    arrays: { ridgeMean: mean, ridgeComponents: components, slopes, precisions },
  };
}
