/**
 * Batches for the language model: texts of one length each, so that nothing is padded or masked, at most `limit` tokens
 * (a longer text is alone), longest first, so that memory peaks at once and the time left is not guessed too low.
 */
import type { EncodedBatch } from './tokenizer/index.js';

/** What the model reads, and the tokens of each text that its pooling is over: counted[2 i] <= t < counted[2 i + 1]. */
export interface Sequences extends EncodedBatch {
  readonly counted: Int32Array;
}

/** Every token counts. */
export function wholeTexts({ ids, offsets }: EncodedBatch): Sequences {
  const counted = new Int32Array(2 * (offsets.length - 1));
  for (let text = 0; text + 1 < offsets.length; text++) counted[2 * text + 1] = offsets[text + 1]! - offsets[text]!;
  return { ids, offsets, counted };
}

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

export function planBatches(sequences: Sequences, limit: number): PlannedBatch[] {
  const { offsets } = sequences;
  const byLength = new Map<number, number[]>();
  for (let text = 0; text + 1 < offsets.length; text++) {
    const length = offsets[text + 1]! - offsets[text]!;
    const texts = byLength.get(length);
    if (texts) texts.push(text);
    else byLength.set(length, [text]);
  }
  const batches: PlannedBatch[] = [];
  for (const [length, texts] of [...byLength].sort(([a], [b]) => b - a)) {
    const most = Math.max(1, Math.floor(limit / length));
    // Even batches of one length: no small rest.
    const count = Math.ceil(texts.length / most);
    for (let i = 0; i < count; i++) {
      const from = Math.floor((i * texts.length) / count);
      const to = Math.floor(((i + 1) * texts.length) / count);
      batches.push(lengthBatch(sequences, texts.slice(from, to), length));
    }
  }
  return batches;
}

function lengthBatch({ ids, offsets, counted }: Sequences, texts: readonly number[], length: number): PlannedBatch {
  const tokens = texts.length * length;
  const feeds = () => {
    const data = new BigInt64Array(tokens);
    const mask = new Float32Array(tokens);
    texts.forEach((text, row) => {
      const at = row * length;
      for (let t = 0; t < length; t++) data[at + t] = BigInt(ids[offsets[text]! + t]!);
      mask.fill(1, at + counted[2 * text]!, at + counted[2 * text + 1]!);
    });
    return {
      input_ids: { type: 'int64', data, dims: [texts.length, length] },
      mask: { type: 'float32', data: mask, dims: [texts.length, 1, length] },
    } as const;
  };
  return { texts, tokens, computed: tokens, feeds };
}
