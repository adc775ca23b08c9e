/** Token ids in the place of texts: made before, by whoever has the same tokenizer. */
import { ColeError } from '../base/index.js';
import type { EncodedBatch, Tokenizer } from './tokenizer/index.js';

/** Texts, or the ids that the model's tokenizer makes of them, special tokens included. */
export type Texts = readonly string[] | EncodedBatch;

export function isTokens(texts: Texts): texts is EncodedBatch {
  return 'ids' in texts;
}

/**
 * Throws ERR_INPUT, naming the text, where ids cannot be this tokenizer's: out of its vocabulary, or without the special
 * tokens that it puts around every text.
 */
export function requireTokens(
  { vocabularySize, prefix, suffix }: Tokenizer,
  { ids, offsets }: EncodedBatch,
  nameOf: (index: number) => string,
): void {
  for (let text = 0; text + 1 < offsets.length; text++) {
    const [from, to] = [offsets[text]!, offsets[text + 1]!];
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      if (id < 0 || id >= vocabularySize)
        throw new ColeError(
          'ERR_INPUT',
          `expected token ids below ${vocabularySize}, the size of the model's vocabulary, in ${nameOf(text)}, got ${id}`,
        );
    }
    const isAround =
      to - from >= prefix.length + suffix.length &&
      prefix.every((id, at) => ids[from + at] === id) &&
      suffix.every((id, at) => ids[to - suffix.length + at] === id);
    if (!isAround)
      throw new ColeError(
        'ERR_INPUT',
        `expected token ids that begin with [${prefix}] and end with [${suffix}], the special tokens of the model's tokenizer, in ${nameOf(text)}, got ${shortened([...ids.subarray(from, to)])}`,
      );
  }
}

function shortened(ids: readonly number[]): string {
  return ids.length > 6 ? `[${ids.slice(0, 3)} ... ${ids.slice(-3)}]` : `[${ids}]`;
}
