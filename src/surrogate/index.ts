export {
  resolveSurrogate,
  type SurrogateChoice,
  type SurrogateOptions,
  type SurrogatePreset,
  surrogatePresets,
} from './options.js';
export type { Standardize } from './reducer.js';
export { createSurrogate, loadSurrogate } from './surrogate.js';
export type { FittedSurrogate, Prediction, Surrogate } from './types.js';
