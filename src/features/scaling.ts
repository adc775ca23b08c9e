/**
 * Scaling of feature rows before a head reads them. Language models have a few dimensions far larger than the rest, which
 * lead the first principal components unless something is done about it. Statistics come from the training rows only.
 */
import { type Matrix, matrix, row } from '../base/index.js';

export const scalings = ['none', 'center', 'zscore', 'l2'] as const;
/** `center`: minus the training mean. `zscore`: also divided by the training deviation of each column. `l2`: each row to length 1. */
export type Scaling = (typeof scalings)[number];

export type Transform = (rows: Matrix) => Matrix;

export function fitScaling(kind: Scaling, train: Matrix): Transform {
  switch (kind) {
    case 'none':
      return (x) => x;
    case 'center':
      return affine(columnMeans(train), undefined);
    case 'zscore': {
      const mean = columnMeans(train);
      return affine(mean, columnDeviations(train, mean));
    }
    case 'l2':
      return unitRows;
  }
}

/** Centred, and divided by one number so that the mean squared length of a training row is 1. Lets unlike sets be joined on equal terms. */
export function fitUnitSize(train: Matrix): Transform {
  const mean = columnMeans(train);
  let sum = 0;
  for (let r = 0; r < train.rows; r++) {
    const values = row(train, r);
    for (let c = 0; c < train.cols; c++) sum += (values[c]! - mean[c]!) ** 2;
  }
  const size = Math.sqrt(sum / train.rows);
  return affine(mean, new Float64Array(train.cols).fill(size > 0 ? size : 1));
}

function columnMeans(x: Matrix): Float64Array {
  const mean = new Float64Array(x.cols);
  for (let r = 0; r < x.rows; r++) {
    const values = row(x, r);
    for (let c = 0; c < x.cols; c++) mean[c] = mean[c]! + values[c]!;
  }
  return mean.map((sum) => sum / x.rows);
}

/** Population deviations; 1 where a column is constant up to rounding, so that it stays (nearly) zero instead of becoming noise. */
function columnDeviations(x: Matrix, mean: Float64Array): Float64Array {
  const squares = new Float64Array(x.cols);
  for (let r = 0; r < x.rows; r++) {
    const values = row(x, r);
    for (let c = 0; c < x.cols; c++) squares[c] = squares[c]! + (values[c]! - mean[c]!) ** 2;
  }
  return squares.map((sum, c) => {
    const deviation = Math.sqrt(sum / x.rows);
    return deviation > 1e-6 * Math.abs(mean[c]!) ? deviation : 1;
  });
}

function affine(mean: Float64Array, scale: Float64Array | undefined): Transform {
  return (x) => {
    const out = matrix(x.rows, x.cols);
    for (let r = 0; r < x.rows; r++) {
      const from = row(x, r);
      const to = row(out, r);
      for (let c = 0; c < x.cols; c++) to[c] = (from[c]! - mean[c]!) / (scale?.[c] ?? 1);
    }
    return out;
  };
}

function unitRows(x: Matrix): Matrix {
  const out = matrix(x.rows, x.cols);
  for (let r = 0; r < x.rows; r++) {
    const from = row(x, r);
    const to = row(out, r);
    let squares = 0;
    for (const value of from) squares += value * value;
    const length = Math.sqrt(squares) || 1;
    for (let c = 0; c < x.cols; c++) to[c] = from[c]! / length;
  }
  return out;
}
