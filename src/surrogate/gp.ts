/**
 * A Gaussian process (Rasmussen and Williams, 2006). Length and noise maximise the marginal likelihood; the variance that
 * goes with them is the one that makes the leave-one-out residuals as wide as they are said to be, so that std is
 * calibrated on the training rows themselves.
 */
import { ColeError, type Matrix, matrix } from '../base/index.js';
import { type NativeGp, native } from '../native/index.js';
import { arrayOf, average, type FittedHead, type Head } from './head.js';
import type { GpOptions } from './presets.js';

/** Its matrices have rows^2 values: at this many, 3 GiB each. */
const mostRows = 20_000;

interface State {
  readonly x: Matrix;
  /** Targets less the intercept. */
  readonly y: Float64Array;
  readonly scales: Float64Array;
  readonly intercept: number;
}

export const gp: Head<GpOptions> = {
  fit({ threads }, x, y) {
    if (x.rows > mostRows)
      throw new ColeError(
        'ERR_OPTION',
        `expected at most ${mostRows} rows for head gp, whose work grows with their cube, got ${x.rows}`,
      );
    const intercept = average(y);
    const residuals = y.map((value) => value - intercept);
    const process = native().fitGp(x.data, residuals, x.rows, x.cols, null, threads);
    return fitted({ x, y: residuals, scales: process.scales, intercept }, process);
  },
  load(header, arrays) {
    const { intercept, rows, cols } = header as { intercept: number; rows: number; cols: number };
    return fitted({
      x: matrix(rows, cols, arrayOf(arrays, 'trainingRows', Float32Array)),
      y: arrayOf(arrays, 'trainingTargets', Float64Array),
      scales: arrayOf(arrays, 'scales', Float64Array),
      intercept,
    });
  },
};

/** The file holds rows and scales; the factor of rows^2 values is made again, of the same bits, when it is first needed. */
function fitted(state: State, known?: NativeGp): FittedHead {
  const { x, y, scales, intercept } = state;
  let process = known;
  return {
    predict(queries, threads) {
      process ??= native().fitGp(x.data, y, x.rows, x.cols, scales, threads);
      const { inverse, alpha, variances } = process;
      const level = average(alpha.map((each, i) => each * each * variances[i]!));
      const count = queries.rows;
      const found = native().predictGp(x.data, x.rows, x.cols, scales, inverse, alpha, queries.data, count, threads);
      return {
        mean: found.slice(0, count).map((value) => intercept + value),
        std: found.slice(count).map((variance) => Math.sqrt(level * (variance + scales[1]!))),
      };
    },
    header: { intercept, rows: x.rows, cols: x.cols },
    arrays: { trainingRows: x.data, trainingTargets: y, scales },
  };
}
