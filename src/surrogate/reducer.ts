/**
 * Features to the columns that the head sees: standardisation, principal components, whitening, all fitted on the training
 * rows. A row of several layers is as many rows here: they share one basis.
 */
import { ColeError, type Matrix, matrix } from '../base/index.js';
import { native } from '../native/index.js';
import type { CommonOptions } from './presets.js';

/** none; center: minus the column mean; zscore: that over the column's population deviation; l2: each row to length 1. */
export type Standardize = 'none' | 'center' | 'zscore' | 'l2';

/** Everything a fitted reducer holds. */
export interface ReducerState {
  readonly standardize: Standardize;
  /** Vectors in a row. */
  readonly layers: number;
  /** Features of one layer. */
  readonly cols: number;
  /** [cols] for center and zscore, otherwise empty. */
  readonly shift: Float32Array;
  /** [cols] for zscore, otherwise empty: what a centred column is multiplied with; 0 for a constant column. */
  readonly scale: Float32Array;
  /** Number of components, or null where the features are passed on as they are. */
  readonly k: number | null;
  /** [cols] and [k, cols]; empty where k is null. */
  readonly mean: Float32Array;
  readonly components: Float32Array;
  /** [k]: what a component is multiplied with, 1 / sqrt(variance + epsilon); empty without whitening. */
  readonly whitening: Float32Array;
}

export type ReducerChoice = Pick<CommonOptions, 'standardize' | 'layers' | 'components' | 'whiten' | 'threads'>;

const none = new Float32Array(0);

export function fitReducer(features: Matrix, choice: ReducerChoice): ReducerState {
  const { standardize, layers, components, whiten, threads } = choice;
  if (features.cols % layers !== 0)
    throw new ColeError(
      'ERR_SHAPE',
      `expected ${layers} layers of one width in each row of the features, got ${features.cols} values`,
    );
  const x = perLayer(features, layers);
  const { rows, cols } = x;
  const { shift, scale } = columnFigures(x, standardize);
  const unreduced = { k: null, mean: none, components: none, whitening: none };
  const state: ReducerState = { standardize, layers, cols, shift, scale, ...unreduced };
  if (components === 0) return state;
  const k = Math.min(components, rows - 1, cols);
  const ready = standardized(x, state);
  const pca = native().fitPca(ready.data, rows, cols, k, threads);
  const whitening = whiten === null ? none : pca.variances.map((variance) => inverseRoot(variance + whiten));
  return { ...state, k, mean: pca.mean, components: pca.components, whitening };
}

export function reduce(features: Matrix, state: ReducerState, threads: number): Matrix {
  const { layers, cols, k } = state;
  if (features.cols !== layers * cols)
    throw new ColeError('ERR_SHAPE', `expected ${layers * cols} features per row, got ${features.cols}`);
  const x = perLayer(features, layers);
  const ready = standardized(x, state);
  if (k === null) return matrix(features.rows, features.cols, ready.data);
  const z = native().project(ready.data, x.rows, cols, state.mean, state.components, k, threads);
  if (state.whitening.length > 0) for (let i = 0; i < z.length; i++) z[i]! *= state.whitening[i % k]!;
  return matrix(features.rows, layers * k, z);
}

function perLayer({ rows, cols, data }: Matrix, layers: number): Matrix {
  return matrix(rows * layers, cols / layers, data);
}

function inverseRoot(value: number): number {
  return value > 0 ? 1 / Math.sqrt(value) : 0;
}

function columnFigures(x: Matrix, standardize: Standardize): { shift: Float32Array; scale: Float32Array } {
  if (standardize === 'none' || standardize === 'l2') return { shift: none, scale: none };
  const { rows, cols, data } = x;
  const mean = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) mean[j]! += data[i * cols + j]! / rows;
  const shift = Float32Array.from(mean);
  if (standardize === 'center') return { shift, scale: none };
  const variance = new Float64Array(cols);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) variance[j]! += (data[i * cols + j]! - mean[j]!) ** 2 / rows;
  // A column whose spread is rounding error of its mean is constant.
  return { shift, scale: Float32Array.from(variance, (v, j) => (v > (1e-6 * mean[j]!) ** 2 ? 1 / Math.sqrt(v) : 0)) };
}

function standardized(x: Matrix, state: ReducerState): Matrix {
  if (state.standardize === 'none') return x;
  const { rows, cols, data } = x;
  const out = matrix(rows, cols);
  for (let i = 0; i < rows; i++) {
    const at = i * cols;
    if (state.standardize === 'l2') {
      let square = 0;
      for (let j = at; j < at + cols; j++) square += data[j]! ** 2;
      const factor = square > 0 ? 1 / Math.sqrt(square) : 0;
      for (let j = at; j < at + cols; j++) out.data[j] = data[j]! * factor;
    } else {
      const scale = state.standardize === 'zscore' ? state.scale : null;
      for (let j = 0; j < cols; j++) out.data[at + j] = (data[at + j]! - state.shift[j]!) * (scale ? scale[j]! : 1);
    }
  }
  return out;
}
