import type { Matrix, OnProgress } from '../base/index.js';
import type { EmbedPlan } from './plan.js';
import type { Texts } from './tokens.js';

/**
 * From hidden states to one vector: the mean over tokens of the last state, the last token's, the mean over tokens and all
 * layers, over tokens and the middle third of the layers, every fourth layer's mean side by side (from the last one down),
 * or one layer's mean.
 */
export type Pooling = 'mean' | 'last_token' | 'avg_avg' | 'mid' | 'multi_layer' | `layer:${number}`;

/** Of the weight matrices, and with int8 of what they are multiplied with; all else is float32. */
export type Precision = 'float32' | 'int8' | 'int4';

export interface EmbedderOptions {
  /** Name in the model store. */
  readonly model: string;
  /** Default `avg_avg`: the mean over tokens and over all layers, the embedding layer included. */
  readonly pooling: Pooling;
  /** Whether `avg_avg` counts the embedding layer as a layer. Default true; false only where `avg_avg` is asked for. */
  readonly embeddingLayer: boolean;
  /** Default `float32`; others are made by `addPrecision`. */
  readonly precision: Precision;
  /**
   * Whether the special tokens that the tokenizer puts around a text count in poolings. Default true. The model reads them
   * either way; with false, means leave them out and `last_token` is the text's own last one. Special tokens written in a
   * text are its own. False is refused for a tokenizer that puts none.
   */
  readonly specialTokens: boolean;
  /**
   * Causal models: the text is read twice, with a space, two line ends and a space between, and pooled over the second copy,
   * which has seen the whole text. Default false. The limit is on both copies together; longer texts are an error.
   */
  readonly echo: boolean;
  /** Longest text, in tokens with the special ones; the model's own limit holds too. Default 2048. */
  readonly maxTokens: number;
  /**
   * Longer texts are an error (default); or are cut on the right, the special tokens at the end kept; or are split into
   * windows of the limit, each with the special tokens around, the last one with what is left. Means are then over the
   * tokens of all windows, and `last_token` is that of the last one. What was cut or split is counted.
   */
  readonly onLong: 'error' | 'truncate' | 'chunk';
  /**
   * Bound on tokens in one run of the language model (one longer text still runs alone). Default null: 2048 (1536 in int8) for
   * causal models, whose runs share prefixes, 512 for others.
   */
  readonly batchTokens: number | null;
  /** Threads of the language model. Default: the physical cores that the process may use, a container's quota included. */
  readonly threads: number;
  /** Folder of the embedding cache, or null for none. Default: `embeddings` beside the model store. */
  readonly cache: string | null;
  /**
   * Bound on the embedding cache of all models, in bytes: where it is passed, the files that were unused for longest go.
   * Default: COLE_CACHE_LIMIT, such as 2GB, else 20 GB.
   */
  readonly cacheLimit: number;
}

/** Options of several poolings at once. */
export interface MultiEmbedderOptions extends Omit<EmbedderOptions, 'pooling'> {
  /** At least one, each once. */
  readonly poolings: readonly Pooling[];
}

export interface EmbedStats {
  texts: number;
  /** Distinct texts that the language model had to read, and their tokens. */
  embedded: number;
  tokens: number;
  /** Tokens that the model computed: fewer than `tokens` where texts shared their beginnings. */
  computed: number;
  cached: number;
  /** Distinct texts over the limit that are cut, or split, cached ones too; windows of the latter in all calls. */
  truncated: number;
  chunked: number;
  windows: number;
  tokenizeSeconds: number;
  modelSeconds: number;
}

interface EmbedderBase {
  /**
   * What it would take to embed `texts` in calls of at most `together` of them: counts, and the speed and memory of a probe
   * of some seconds. Keeps nothing.
   */
  plan(texts: readonly string[], together?: number, nameOf?: (index: number) => string): Promise<EmbedPlan>;
  /** Tokens that the model has to read for the texts, and texts over the limit. Runs nothing; errors as of `embed`. */
  measure(texts: Texts, nameOf?: (index: number) => string): { readonly tokens: number; readonly long: number };
  readonly stats: Readonly<EmbedStats>;
  /** What went wrong without harm, such as a damaged file of the cache that was ignored; Node's `warning` event tells it too. */
  readonly warnings: readonly string[];
  /** Whether texts of one call that begin alike cost less: in parts, sorted ones do best; else those of one length do. */
  readonly sharesBeginnings: boolean;
  close(): Promise<void>;
}

/**
 * Texts in, one vector each. The vector of a text is the same bits whatever shares its batch, for any number of threads
 * and in any order. Runs the language model in a worker thread, so the event loop stays free.
 */
export interface Embedder extends EmbedderBase {
  /** Everything that decides a vector but the text: model hash, tokenizer, pooling, precision, limits. */
  readonly identity: string;
  readonly dimension: number;
  /**
   * Rows in the order of `texts`, the same bits whether texts or their token ids are given; ids are read anew by every call.
   * `nameOf` names a text in errors, by its place.
   */
  embed(texts: Texts, onProgress?: OnProgress, nameOf?: (index: number) => string): Promise<Matrix>;
}

/** The vectors of one pooling: the same bits, and the same identity, as those of an `Embedder` with that pooling alone. */
export interface EmbeddingColumn {
  readonly pooling: Pooling;
  readonly identity: string;
  readonly dimension: number;
}

/** An embedder of several poolings, which come from one run of the model. */
export interface MultiEmbedder extends EmbedderBase {
  /** In the order of the poolings that were asked for. */
  readonly columns: readonly EmbeddingColumn[];
  /** A matrix for each column. A text is read by the model where any of its vectors is not in the cache. */
  embed(texts: Texts, onProgress?: OnProgress, nameOf?: (index: number) => string): Promise<readonly Matrix[]>;
}
