/** The texts of one call of an embedder, each once, with what is known of them. */
import { ColeError, type Matrix, matrix, row } from '../base/index.js';
import { textKey } from './cache/cache.js';
import type { EmbedderOptions } from './types.js';
import type { ReadTexts } from './windows.js';

export interface Work {
  /** Empty, as are the keys, where token ids were given: they are in no cache. */
  readonly texts: readonly string[];
  readonly read: ReadTexts;
  readonly keys: readonly string[];
  /** Texts that lack a vector. */
  readonly missing: readonly number[];
  /** To be filled: a matrix for each column, with the vectors of `isKnown` in it. */
  readonly rows: readonly Matrix[];
  /** For each column, 1 for the texts whose vectors the cache knew: these stay. */
  readonly isKnown: readonly Uint8Array[];
  readonly placeOf: (index: number) => string;
}

/** In the cache; what is done to a text over the limit is part of its key. */
export function keysOf(
  texts: readonly string[],
  long: Int32Array,
  onLong: EmbedderOptions['onLong'],
  limit: number,
): string[] {
  const keys = texts.map(textKey);
  for (const index of long) keys[index] = textKey(`${keys[index]} ${onLong} ${limit}`);
  return keys;
}

export function idsAt({ ids, offsets }: ReadTexts, index: number): Int32Array {
  return ids.subarray(offsets[index], offsets[index + 1]);
}

/** Rows of `distinct` for each of `texts`. */
export function spread(rows: Matrix, distinct: readonly string[], texts: readonly string[]): Matrix {
  const rowOf = new Map(distinct.map((text, index) => [text, index]));
  const out = matrix(texts.length, rows.cols);
  texts.forEach((text, index) => {
    out.data.set(row(rows, rowOf.get(text)!), index * rows.cols);
  });
  return out;
}

export function checked(vector: Float32Array): Float32Array {
  const wrong = vector.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new ColeError(
      'ERR_MODEL',
      `expected finite values from the language model, got ${vector[wrong]} at ${wrong}`,
    );
  return vector;
}
