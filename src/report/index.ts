export { type ReportFiles, type ReportOptions, writeCurvePicture, writeReport } from './report.js';
export type { CurveSummary, RunManifest, RunReduction, RunSummary, TargetSummary } from './types.js';
