/** Features to the columns that the network sees: standardisation, then principal components, both fitted on the training rows. */
import { ColeError, type Matrix, matrix } from '../base/index.js';
import { native } from '../native/index.js';

/** none; center: minus the column mean; zscore: that over the column's population deviation; l2: each row to length 1. */
export type Standardize = 'none' | 'center' | 'zscore' | 'l2';

/** Everything a fitted reducer holds. */
export interface ReducerState {
  readonly standardize: Standardize;
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
}

const none = new Float32Array(0);

export function fitReducer(x: Matrix, standardize: Standardize, components: number, threads: number): ReducerState {
  const { rows, cols } = x;
  const { shift, scale } = columnFigures(x, standardize);
  const state: ReducerState = { standardize, cols, shift, scale, k: null, mean: none, components: none };
  if (components === 0) return state;
  const k = Math.min(components, rows - 1, cols);
  const pca = native().fitPca(standardized(x, state).data, rows, cols, k, threads);
  return { ...state, k, mean: pca.mean, components: pca.components };
}

export function reduce(x: Matrix, state: ReducerState, threads: number): Matrix {
  const { cols, k } = state;
  if (x.cols !== cols) throw new ColeError('ERR_SHAPE', `expected ${cols} features per row, got ${x.cols}`);
  const ready = standardized(x, state);
  if (k === null) return ready;
  return matrix(x.rows, k, native().project(ready.data, x.rows, cols, state.mean, state.components, k, threads));
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
  requireFinite(x);
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

/** The addon checks what it is given; this names the value before standardisation has spread it. */
function requireFinite({ data, cols }: Matrix): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new ColeError(
      'ERR_DATA',
      `expected finite features, got ${data[at]} in row ${Math.floor(at / cols)}, column ${at % cols}`,
    );
}
