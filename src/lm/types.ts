import type { Matrix, OnProgress } from '../base/index.js';

export type Pooling = 'mean' | 'last_token' | 'avg_avg';

export interface EmbedderOptions {
  /** Name in the model store. */
  readonly model: string;
  readonly pooling: Pooling;
  /** Texts with more tokens (special ones included), or with more than the model has positions, are an error, or are cut on the right and counted. */
  readonly maxTokens: number;
  readonly onLong: 'error' | 'truncate';
  /** Bound on tokens in one run of the language model (one longer text still runs alone). */
  readonly batchTokens: number;
  /** Threads of the language model. */
  readonly threads: number;
  /** Folder of the embedding cache, or null for none. */
  readonly cache: string | null;
}

export interface EmbedStats {
  texts: number;
  /** Distinct texts that the language model had to read, and their tokens. */
  embedded: number;
  tokens: number;
  cached: number;
  truncated: number;
  tokenizeSeconds: number;
  modelSeconds: number;
}

/**
 * Texts in, one vector each. The vector of a text is the same bits whatever shares its batch, for any number of threads
 * and in any order. Runs the language model in a worker thread, so the event loop stays free.
 */
export interface Embedder {
  /** Everything that decides a vector but the text: model hash, tokenizer, pooling, precision, limits. */
  readonly identity: string;
  readonly dimension: number;
  /** Rows in the order of `texts`. */
  embed(texts: readonly string[], onProgress?: OnProgress): Promise<Matrix>;
  readonly stats: Readonly<EmbedStats>;
  /** What went wrong without harm, such as a damaged file of the cache that was ignored. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}
