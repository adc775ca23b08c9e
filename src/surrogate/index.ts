export { headNames, resolveSurrogate, type SurrogateChoice, type SurrogateOptions } from './options.js';
export { type HeadName, type SurrogatePreset, surrogatePresets } from './presets.js';
export type { Standardize } from './reducer.js';
export { createSurrogate, loadSurrogate } from './surrogate.js';
export type { FittedSurrogate, Prediction, Surrogate } from './types.js';
export { xgboostLibrary } from './xgboost-library.js';
