/**
 * Late fusion: a head of its own for each part of the features, whose predictions are averaged. All are in units of the
 * target, so nothing has to be scaled. Uncertainty is that of the mixture: what the heads doubt and where they differ, for
 * ensembles the deviation over the members of all parts.
 */
import { arraysToFile, type NamedArrays } from '../arrow/index.js';
import { ColeError, type Matrix, matrix, row, seedOf } from '../base/index.js';
import { requireFinite } from './finite.js';
import { arrayOf } from './head.js';
import type { FittedSurrogate, Prediction } from './types.js';

export const committeeFormat = 'cole-committee-1';

/** `fit` is asked for one part at a time, with a seed of its own. */
export function fitCommittee(
  x: Matrix,
  seed: number,
  fit: (part: Matrix, seed: number) => FittedSurrogate,
): FittedSurrogate {
  requireFinite(x);
  const widths = x.parts!;
  return committee(
    widths,
    split(x, widths).map((part, index) => fit(part, seedOf(seed, 'part', index))),
  );
}

/** The inverse of `serialize`; `load` reads one part. */
export function loadCommittee(
  { arrays, metadata }: NamedArrays,
  load: (bytes: Uint8Array) => FittedSurrogate,
): FittedSurrogate {
  const widths = JSON.parse(metadata.parts!) as number[];
  return committee(
    widths,
    widths.map((_, index) => load(arrayOf(arrays, String(index), Uint8Array))),
  );
}

function committee(widths: readonly number[], heads: readonly FittedSurrogate[]): FittedSurrogate {
  return {
    predict(x) {
      requireFinite(x);
      return mixture(split(x, widths).map((part, index) => heads[index]!.predict(part)));
    },
    serialize: () =>
      arraysToFile({
        arrays: Object.fromEntries(heads.map((head, index) => [String(index), head.serialize()])),
        metadata: { format: committeeFormat, parts: JSON.stringify(widths) },
      }),
  };
}

/** Equal weights. Its variance is the mean of the variances plus the variance of the means. */
function mixture(each: readonly Prediction[]): Prediction {
  const rows = each[0]!.mean.length;
  const mean = new Float64Array(rows);
  const std = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (const part of each) sum += part.mean[i]!;
    const middle = sum / each.length;
    let squares = 0;
    for (const part of each) squares += part.std[i]! ** 2 + (part.mean[i]! - middle) ** 2;
    mean[i] = middle;
    std[i] = Math.sqrt(squares / each.length);
  }
  const members = matrix(
    each.reduce((count, part) => count + part.members.rows, 0),
    rows,
  );
  let at = 0;
  for (const part of each) {
    members.data.set(part.members.data, at);
    at += part.members.data.length;
  }
  return { mean, std, members };
}

function split(x: Matrix, widths: readonly number[]): Matrix[] {
  const columns = widths.reduce((a, b) => a + b, 0);
  if (x.cols !== columns) throw new ColeError('ERR_SHAPE', `expected ${columns} features per row, got ${x.cols}`);
  let from = 0;
  return widths.map((width) => {
    const part = matrix(x.rows, width);
    for (let r = 0; r < x.rows; r++) part.data.set(row(x, r).subarray(from, from + width), r * width);
    from += width;
    return part;
  });
}
