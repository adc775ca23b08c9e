/** What to try next: strategies behind one ask / tell interface, and the loop that drives one of them. */
export { type Acquisition, type AcquisitionName, acquisitions, normalCdf } from './acquisition.js';
export { Bananas, type BananasOptions, type BananasParts, type HeldOut } from './bananas.js';
export { type CandidateOptions, chainedMutants, distinctMutants } from './candidates.js';
export {
  bananasPresets,
  createStrategy,
  resolveStrategy,
  type StrategyName,
  type StrategyOptions,
  type StrategySettings,
  strategyNames,
} from './create.js';
export { Evolution, type EvolutionOptions } from './evolution.js';
export { type LocalOptions, LocalSearch } from './local.js';
export { RandomSearch } from './random.js';
export { RandomSequence } from './sequence.js';
export { Stopwatch } from './stopwatch.js';
export { runTrial, type TrialBatch, type TrialEnd, type TrialParts } from './trial.js';
export type { Evaluation, RefitEvent, Strategy } from './types.js';
