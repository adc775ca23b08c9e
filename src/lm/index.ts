/** Language models: the store, tokenizers, embeddings of texts. */
export { type CacheEntry, clearCache, listCache, trimCache } from './cache/folders.js';
export { createEmbedder, createMultiEmbedder } from './embedder.js';
export type { EmbedPlan } from './plan.js';
export { type HiddenStates, type PoolStatesOptions, poolStates } from './pool-states.js';
export { addPrecision, type PrecisionOptions } from './precision.js';
export { createStaticEmbedder, type StaticEmbedder } from './static.js';
export { dataRoot, defaultCacheLimit, embeddingsFolder, modelsFolder } from './store/folder.js';
export { describeModel, pullModel } from './store/getting.js';
export { type OpenedModel, openModel, tokenizerOf } from './store/open.js';
export { hubNames } from './store/papers.js';
export type { Agreement, QuantizedPrecision } from './store/precisions.js';
export type { PullOptions } from './store/pull.js';
export {
  addModel,
  listModels,
  type ModelEntry,
  removeModel,
  showModel,
} from './store/store.js';
export {
  type EncodedBatch,
  type EncodeOptions,
  loadTokenizer,
  type Tokenizer,
  type TokenizerSource,
} from './tokenizer/index.js';
export type { Texts } from './tokens.js';
export type {
  Embedder,
  EmbedderOptions,
  EmbeddingColumn,
  EmbedStats,
  MultiEmbedder,
  MultiEmbedderOptions,
  Pooling,
  Precision,
} from './types.js';
