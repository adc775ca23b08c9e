/** What the rest of the language-model room sees of a tokenizer: texts in, token ids in Arrow's list layout out. */

/**
 * The metadata of a GGUF file, keyed as in the file (`tokenizer.ggml.model`, `tokenizer.ggml.tokens`, ...). Only the
 * `tokenizer.ggml.*` keys are read, so the whole metadata record of the header may be passed.
 */
export type GgufVocabulary = Readonly<Record<string, unknown>>;

/** Where a tokenizer comes from: the bytes of a Hugging Face `tokenizer.json`, or the metadata of a GGUF file. */
export type TokenizerSource = { readonly json: Uint8Array } | { readonly gguf: GgufVocabulary };

export interface EncodeOptions {
  /** Add the special tokens of the tokenizer's own post-processor, such as [CLS] and [SEP]. Default true. */
  readonly addSpecialTokens?: boolean;
  /** Threads of the addon, the calling one included. The ids do not depend on it. Default 1. */
  readonly threads?: number;
  /** Longer texts are cut on the right, special tokens counted and kept, and named in `truncated`. Default: none is cut. */
  readonly maxTokens?: number;
}

/** Arrow's list layout: the ids of text i are `ids[offsets[i]] .. ids[offsets[i + 1] - 1]`. */
export interface EncodedBatch {
  readonly ids: Int32Array;
  /** Length: number of texts + 1; starts at 0. */
  readonly offsets: Int32Array;
  /** Positions of the texts that `maxTokens` has cut; absent where there is none. */
  readonly truncated?: Int32Array;
}

export interface Tokenizer {
  /** Hex SHA-256 of everything that decides the ids (vocabulary, merges, every step), whatever file it came from. */
  readonly identity: string;
  /** Highest id + 1. */
  readonly vocabularySize: number;
  /** Special tokens that are put before and behind every text. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /**
   * Token ids, equal to those of Hugging Face's `tokenizers` for the same definition, never padded, truncated only by
   * `maxTokens`. Special
   * tokens written in a text are recognised. A lone surrogate in a string counts as U+FFFD.
   */
  encode(texts: readonly string[], options?: EncodeOptions): EncodedBatch;
  /**
   * The text of ids, as Hugging Face's `decode` gives it; special tokens are left out unless they are wanted. Throws ERR_INPUT for an
   * id without a token.
   */
  decode(ids: Iterable<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
  /** Id of a token by its text as it is written in the vocabulary, or undefined. */
  tokenId(token: string): number | undefined;
}
