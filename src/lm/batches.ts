/**
 * Batches for the language model: texts of one length each, so that nothing is padded or masked, at most `limit` tokens
 * (a longer text is alone), longest first, so that memory peaks at once and the time left is not guessed too low.
 */
import type { EncodedBatch } from './tokenizer/index.js';

/** A tensor that the graph takes. */
export type Feed =
  | { readonly type: 'int64'; readonly data: BigInt64Array<ArrayBuffer>; readonly dims: readonly number[] }
  | { readonly type: 'float32'; readonly data: Float32Array<ArrayBuffer>; readonly dims: readonly number[] };

export interface PlannedBatch {
  /** Their indices, in the order of the rows that the graph gives. */
  readonly texts: readonly number[];
  /** In the texts. */
  readonly tokens: number;
  /** Tokens that the model computes: fewer where texts share their beginnings. */
  readonly computed: number;
  /** The inputs of the graph, made when they are wanted. */
  feeds(): Readonly<Record<string, Feed>>;
}

/** `lengths`: of each text in `encoded`, at most its tokens: what is longer is cut on the right. */
export function planBatches(encoded: EncodedBatch, lengths: readonly number[], limit: number): PlannedBatch[] {
  const byLength = new Map<number, number[]>();
  lengths.forEach((length, text) => {
    const texts = byLength.get(length);
    if (texts) texts.push(text);
    else byLength.set(length, [text]);
  });
  const batches: PlannedBatch[] = [];
  for (const [length, texts] of [...byLength].sort(([a], [b]) => b - a)) {
    const most = Math.max(1, Math.floor(limit / length));
    // Even batches of one length: no small rest.
    const count = Math.ceil(texts.length / most);
    for (let i = 0; i < count; i++) {
      const from = Math.floor((i * texts.length) / count);
      const to = Math.floor(((i + 1) * texts.length) / count);
      batches.push(lengthBatch(encoded, texts.slice(from, to), length));
    }
  }
  return batches;
}

function lengthBatch({ ids, offsets }: EncodedBatch, texts: readonly number[], length: number): PlannedBatch {
  const tokens = texts.length * length;
  const feeds = () => {
    const data = new BigInt64Array(tokens);
    texts.forEach((text, row) => {
      for (let t = 0; t < length; t++) data[row * length + t] = BigInt(ids[offsets[text]! + t]!);
    });
    return {
      input_ids: { type: 'int64', data, dims: [texts.length, length] },
      mask: { type: 'float32', data: new Float32Array(tokens).fill(1), dims: [texts.length, 1, length] },
    } as const;
  };
  return { texts, tokens, computed: tokens, feeds };
}
