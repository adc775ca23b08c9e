/** Screening: architectures by the million, scored in stages, the best kept. */
export { type ChunkResult, type ChunkTask, screenChunk, stages } from './chunk.js';
export type { ChunkSource, Item } from './items.js';
export { mergeScreens } from './merge.js';
export { cheapFeatures, type InputRow, readBudget, type ScreenInput, type ScreenOptions } from './options.js';
export { dealFolds, heldOutScores, placesOf, type Recall, recallCurve, recallShares, trulyBest } from './recall.js';
export { readTop, type ScreenSummary, slowestStage } from './results.js';
export { type RunScreenHooks, runScreen } from './run.js';
export { createScorer, itemOf, type Scorer, type ScorerSetup } from './scorer.js';
export { compareRows, type ScreenedRow, TopRows } from './top.js';
