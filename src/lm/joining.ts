/** Vectors of texts from those of their windows, which come in any order, a vector for each pooling. */
import type { Windows } from './windows.js';

export type Vectors = readonly Float32Array[];

/**
 * The vector of a text that was split. Means are over all tokens that count: those of the windows, weighted by their tokens,
 * in float64 and in the order of the windows. The last token is the last window's.
 */
export function joinWindows(pooling: string, vectors: Vectors, tokens: readonly number[]): Float32Array {
  if (pooling === 'last_token') return vectors.at(-1)!;
  const sum = new Float64Array(vectors[0]!.length);
  vectors.forEach((vector, window) => {
    const weight = tokens[window]!;
    for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! + weight * vector[j]!;
  });
  const total = tokens.reduce((all, count) => all + count, 0);
  return Float32Array.from(sum, (value) => value / total);
}

export class WindowJoiner {
  /** Text of each window. */
  readonly #texts: Int32Array;
  /** By text, for those of which some windows are still out. */
  readonly #open = new Map<number, { readonly found: Vectors[]; missing: number }>();

  constructor(
    private readonly windows: Windows,
    private readonly poolings: readonly string[],
  ) {
    const { firsts } = windows;
    this.#texts = new Int32Array(firsts.at(-1)!);
    for (let text = 0; text + 1 < firsts.length; text++) this.#texts.fill(text, firsts[text], firsts[text + 1]);
  }

  /** A vector for each pooling; the text and its vectors where that was the last of its windows. */
  add(window: number, vectors: Vectors): { readonly text: number; readonly vectors: Vectors } | undefined {
    const { firsts, counted } = this.windows;
    const text = this.#texts[window]!;
    const first = firsts[text]!;
    const count = firsts[text + 1]! - first;
    if (count === 1) return { text, vectors };
    const open = this.#open.get(text) ?? { found: new Array<Vectors>(count), missing: count };
    this.#open.set(text, open);
    const { found } = open;
    // Copied: what comes is a view of a whole batch.
    found[window - first] = vectors.map((vector) => vector.slice());
    if (--open.missing > 0) return undefined;
    this.#open.delete(text);
    const tokens = found.map((_, at) => counted[2 * (first + at) + 1]! - counted[2 * (first + at)]!);
    const joined = this.poolings.map((pooling, column) =>
      joinWindows(
        pooling,
        found.map((each) => each[column]!),
        tokens,
      ),
    );
    return { text, vectors: joined };
  }
}
