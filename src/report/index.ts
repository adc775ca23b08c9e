/** Reports. What draws them is loaded when one is asked for: it took a third of the start of every program. */
import type { ReportFiles, ReportOptions } from './report.js';

export type { ReportFiles, ReportOptions } from './report.js';
export type { CurveSummary, RunManifest, RunReduction, RunSummary, TargetSummary } from './types.js';

/**
 * Throws ERR_INPUT for what is not a run directory and for runs over different spaces, tables or metrics, ERR_DATA for a
 * damaged file of a run. A run that is not finished is shown as far as it went, marked as partial.
 */
export async function writeReport(options: ReportOptions): Promise<ReportFiles> {
  return (await import('./report.js')).writeReport(options);
}

/** The best-so-far figure alone, as a picture for a README: it has its own ground and turns dark with the reader's system. */
export async function writeCurvePicture(options: Omit<ReportOptions, 'reductions'>): Promise<string> {
  return (await import('./report.js')).writeCurvePicture(options);
}
