/**
 * Batches for the language model: texts of one length each, so that nothing is padded or masked, at most `limit` tokens
 * (a longer text is alone), longest first, so that memory peaks at once and the time left is not guessed too low.
 */
import type { EncodedBatch } from './tokenizer/index.js';

/** Indices of texts with `tokens` tokens each. */
export interface PlannedBatch {
  readonly tokens: number;
  readonly texts: readonly number[];
}

export function planBatches(lengths: readonly number[], limit: number): PlannedBatch[] {
  const byLength = new Map<number, number[]>();
  lengths.forEach((length, text) => {
    const texts = byLength.get(length);
    if (texts) texts.push(text);
    else byLength.set(length, [text]);
  });
  const batches: PlannedBatch[] = [];
  for (const [tokens, texts] of [...byLength].sort(([a], [b]) => b - a)) {
    const most = Math.max(1, Math.floor(limit / tokens));
    // Even batches of one length: no small rest.
    const count = Math.ceil(texts.length / most);
    for (let i = 0; i < count; i++) {
      const from = Math.floor((i * texts.length) / count);
      const to = Math.floor(((i + 1) * texts.length) / count);
      batches.push({ tokens, texts: texts.slice(from, to) });
    }
  }
  return batches;
}

/** Ids [texts, tokens] of a batch; texts longer than `tokens` are cut on the right. */
export function batchIds({ ids, offsets }: EncodedBatch, { tokens, texts }: PlannedBatch): BigInt64Array<ArrayBuffer> {
  const out = new BigInt64Array(texts.length * tokens);
  texts.forEach((text, row) => {
    const start = offsets[text]!;
    for (let t = 0; t < tokens; t++) out[row * tokens + t] = BigInt(ids[start + t]!);
  });
  return out;
}
