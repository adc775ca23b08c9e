/** A tokenizer as read from either kind of file, before it is flattened for the addon. */
import type { Decoder } from './decode.js';
import type { Step } from './normalizer.js';

/** Tokens by id; undefined where the model has none, as an added token may or may not have that id. */
export type Vocabulary = readonly (string | undefined)[];

export function idsOf(vocabulary: Vocabulary): Map<string, number> {
  const ids = new Map<string, number>();
  vocabulary.forEach((token, id) => {
    if (token !== undefined) ids.set(token, id);
  });
  return ids;
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Looked for in the normalized text, not in the raw one. */
  readonly normalized: boolean;
  /** Takes the white space on its left, on its right. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly singleWord: boolean;
  /** Left out of decoded texts unless they are wanted. */
  readonly special: boolean;
}

export interface Bpe {
  /** Of bytes, written in the letters of byte-level vocabularies, or of characters. */
  readonly type: 'bpe' | 'char-bpe';
  /** By rank. */
  readonly merges: readonly (readonly [string, string])[];
  /** Rank of each merge where several share one; they make the same token. */
  readonly ranks?: readonly number[];
  readonly ignoreMerges: boolean;
  /** char-bpe: a character without a token becomes the tokens `<0x00>` to `<0xFF>` of its bytes, where all are there. */
  readonly byteFallback?: boolean;
  /** char-bpe: what else becomes of it; without one it is left out. */
  readonly unknown?: string;
  readonly fuseUnknown?: boolean;
}

export interface WordPiece {
  readonly type: 'wordpiece';
  readonly unknown: string;
  readonly continuingPrefix: string;
  readonly maxWordChars: number;
}

export interface Definition {
  readonly vocabulary: Vocabulary;
  readonly model: Bpe | WordPiece;
  readonly added: readonly AddedToken[];
  readonly normalizer: readonly Step[];
  readonly preTokenizer: readonly Step[];
  /** Special tokens around every text. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  readonly decoders: readonly Decoder[];
}
