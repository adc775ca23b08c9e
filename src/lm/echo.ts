/**
 * Echo: a causal model reads the text twice, and the poolings are over the second copy, whose tokens have seen the whole
 * text. (Springer et al. 2024, Repetition Improves Language Model Embeddings.)
 */
import type { EncodedBatch, Tokenizer } from './tokenizer/index.js';

const separator = ' \n\n ';

export function echoed(text: string): string {
  return `${text}${separator}${text}`;
}

/**
 * For `indices` of `texts`, the first token in `read` that holds a character of the second copy. Where a tokenizer puts the
 * last space of the separator into one token with what follows, that is the token.
 */
export function secondCopies(
  tokenizer: Tokenizer,
  texts: readonly string[],
  { ids, offsets }: EncodedBatch,
  indices: readonly number[],
  threads: number,
): number[] {
  const firsts = tokenizer.encode(
    indices.map((index) => `${texts[index]}${separator}`),
    { threads, addSpecialTokens: false },
  );
  const before = tokenizer.prefix.length;
  const after = tokenizer.suffix.length;
  return indices.map((index, at) => {
    const whole = ids.subarray(offsets[index]! + before, offsets[index + 1]! - after);
    const first = firsts.ids.subarray(firsts.offsets[at], firsts.offsets[at + 1]);
    let same = 0;
    while (same < first.length && same < whole.length && whole[same] === first[same]) same++;
    // Up to here both hold the same characters; from here they are compared by their texts.
    const rest = lengthOf(tokenizer, first.subarray(same));
    let start = same;
    while (start < whole.length && lengthOf(tokenizer, whole.subarray(same, start + 1)) <= rest) start++;
    return before + start;
  });
}

function lengthOf(tokenizer: Tokenizer, ids: Int32Array): number {
  return tokenizer.decode(ids, { skipSpecialTokens: false }).length;
}
