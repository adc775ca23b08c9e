/** Methods compared by repeated cross-validation: how well each ranks architectures that it has not seen. */
export { holm, type PairedTest, pairedTest } from './compare.js';
export { type RegressionMetrics, regressionMetrics } from './metrics.js';
export {
  planRegression,
  type RegressionMethod,
  type RegressionOptions,
  type RegressionPlan,
} from './options.js';
export { stratifiedFolds, trialRowsOf } from './protocol.js';
export { type RunRegressionHooks, runRegression } from './run.js';
export type { MethodComparison, MethodResult, RegressionSummary } from './summary.js';
