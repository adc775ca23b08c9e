/** Worker threads: the budget of cores, the pool, and what its workers do. */
export { type CoreBudget, type CoreRequest, coreBudget } from './budget.js';
export { EmbeddingClient, type EmbeddingReply, type EmbeddingRequest, EmbeddingServer } from './embedding-port.js';
export { type RunTaskOptions, WorkerPool } from './pool.js';
export type { FoldPredictions, RegressionFoldTask, SharedRows } from './regression-fold.js';
export {
  type EvaluationReply,
  openSource,
  type PortSource,
  type SearchTrialMessage,
  type SearchTrialTask,
  type TableSource,
  trialSeed,
} from './search-trial.js';
