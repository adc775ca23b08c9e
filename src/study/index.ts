/** Many trials of one method, and what they show. */
export { compareRuns, type RunComparison } from './compare.js';
export { extendDirectory } from './extend.js';
export { Journal, type JournalEntry, parseJournal, type TrialRecord, trialsOf } from './journal.js';
export { lockDirectory } from './lock.js';
export {
  codeHash,
  type Manifest,
  makeManifest,
  readManifest,
  readRunFile,
  requireSameRun,
  startDirectory,
} from './manifest.js';
export {
  areaUnderCurve,
  bestSoFar,
  firstReach,
  meanCurve,
  meanWithBand,
  pairedReduction,
  quantile,
  type Reduction,
  reachCounts,
  type TargetReach,
  targetReach,
} from './metrics.js';
export { planSearch, type RunSearchOptions, type SearchPlan } from './options.js';
export {
  type MethodComparison,
  type MethodResult,
  type RegressionMethod,
  type RegressionMetrics,
  type RegressionOptions,
  type RegressionSummary,
  type RunRegressionHooks,
  runRegression,
} from './regression/index.js';
export { type TrialRow, trialRows, trialsCsv } from './results.js';
export { type RunSearchHooks, runSearch } from './run.js';
export type { SearchSummary } from './summary.js';
