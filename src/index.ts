/** The public names of cole, room by room. */
export {
  arraysToFile,
  type Column,
  columnsToFile,
  type Embeddings,
  embeddingsToFile,
  fileBatches,
  fileToArrays,
  fileToColumns,
  fileToEmbeddings,
} from './arrow/index.js';
export {
  ColeError,
  type ErrorCode,
  type Matrix,
  matrix,
  type OnProgress,
  type ProgressEvent,
  stream,
} from './base/index.js';
export { type Renderer, renderer, styles } from './code/index.js';
export {
  codeDefaults,
  createFeatures,
  defaultStyle,
  type FeatureSet,
  type FittedFeatures,
  featureNames,
} from './features/index.js';
export {
  addModel,
  type CacheEntry,
  clearCache,
  createEmbedder,
  defaultCacheLimit,
  describeModel,
  type Embedder,
  type EmbedderOptions,
  embeddingsFolder,
  hubNames,
  listCache,
  listModels,
  type ModelEntry,
  type Pooling,
  pullModel,
  removeModel,
  showModel,
  type Tokenizer,
  tokenizerOf,
  trimCache,
} from './lm/index.js';
export { addonPath, type NativeInfo, native } from './native/index.js';
export {
  benchmarkNames,
  benchmarkSpace,
  CommandObjective,
  type CommandSettings,
  commandDefaults,
  type Objective,
  type Outcome,
  openTable,
  Table,
  type Trained,
  type Training,
  tableObjective,
} from './objectives/index.js';
export { type ReportFiles, type ReportOptions, writeCurvePicture, writeReport } from './report/index.js';
export {
  type InputRow,
  mergeScreens,
  type RunScreenHooks,
  readTop,
  runScreen,
  type ScreenedRow,
  type ScreenInput,
  type ScreenOptions,
  type ScreenSummary,
  slowestStage,
} from './screen/index.js';
export { createStrategy, resolveStrategy, type Strategy, type StrategyOptions } from './search/index.js';
export {
  type EinspaceSettings,
  type Encoding,
  einspace,
  knownNetwork,
  knownNetworkNames,
  type Network,
  parseSettings as parseEinspaceSettings,
  type Space,
  space,
  spaces,
} from './spaces/index.js';
export {
  compareRuns,
  type MethodComparison,
  type MethodResult,
  type RegressionMethod,
  type RegressionMetrics,
  type RegressionOptions,
  type RegressionSummary,
  type RunComparison,
  type RunRegressionHooks,
  type RunSearchHooks,
  type RunSearchOptions,
  runRegression,
  runSearch,
  type SearchSummary,
} from './study/index.js';
export {
  createSurrogate,
  type FittedSurrogate,
  type HeadName,
  headNames,
  loadSurrogate,
  type Prediction,
  type Surrogate,
  type SurrogateChoice,
  surrogatePresets,
  xgboostLibrary,
} from './surrogate/index.js';
export { type CoreBudget, type CoreRequest, coreBudget } from './workers/index.js';
