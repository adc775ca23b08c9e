/** A tokenizer as read from either kind of file, before it is flattened for the addon. */

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Looked for in the normalized text, not in the raw one. */
  readonly normalized: boolean;
  /** Takes the white space on its left, on its right. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly singleWord: boolean;
}

export interface Bpe {
  readonly type: 'bpe';
  /** By rank. */
  readonly merges: readonly (readonly [string, string])[];
  readonly ignoreMerges: boolean;
}

export interface WordPiece {
  readonly type: 'wordpiece';
  readonly unknown: string;
  readonly continuingPrefix: string;
  readonly maxWordChars: number;
}

export interface Definition {
  /** By id, without holes. */
  readonly vocabulary: readonly string[];
  readonly model: Bpe | WordPiece;
  readonly added: readonly AddedToken[];
  /** Step names as NativeTokenizerSpec has them. */
  readonly normalizer: readonly string[];
  readonly preTokenizer: string;
  /** Special tokens around every text. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}
