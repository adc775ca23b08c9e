import type { Matrix, OnProgress } from '../base/index.js';

/**
 * From hidden states to one vector: the mean over tokens of the last state, the last token's, the mean over tokens and all
 * layers, over tokens and the middle third of the layers, every fourth layer's mean side by side (from the last one down),
 * or one layer's mean.
 */
export type Pooling = 'mean' | 'last_token' | 'avg_avg' | 'mid' | 'multi_layer' | `layer:${number}`;

export interface EmbedderOptions {
  /** Name in the model store. */
  readonly model: string;
  /** Default `avg_avg`: the mean over tokens and over all layers, the embedding layer included. */
  readonly pooling: Pooling;
  /** Whether `avg_avg` counts the embedding layer as a layer. Default true. */
  readonly embeddingLayer: boolean;
  /** Longest text, in tokens with the special ones; the model's own limit holds too. Default 2048. */
  readonly maxTokens: number;
  /** Longer texts are an error (default), or are cut on the right and counted. */
  readonly onLong: 'error' | 'truncate';
  /**
   * Bound on tokens in one run of the language model (one longer text still runs alone). Default null: 2048 for causal
   * models, whose runs share prefixes, 512 for others.
   */
  readonly batchTokens: number | null;
  /** Threads of the language model. Default: all cores. */
  readonly threads: number;
  /** Folder of the embedding cache, or null for none. Default: `embeddings` beside the model store. */
  readonly cache: string | null;
  /**
   * Bound on the embedding cache of all models, in bytes: where it is passed, the files that were unused for longest go.
   * Default: COLE_CACHE_LIMIT, such as 2GB, else 20 GB.
   */
  readonly cacheLimit: number;
}

export interface EmbedStats {
  texts: number;
  /** Distinct texts that the language model had to read, and their tokens. */
  embedded: number;
  tokens: number;
  /** Tokens that the model computed: fewer than `tokens` where texts shared their beginnings. */
  computed: number;
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
  /** What went wrong without harm, such as a damaged file of the cache that was ignored; Node's `warning` event tells it too. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}
