/** trials.csv and trials.arrow: one line an evaluation, in the order of trials and evaluations whatever order the journal has them in. */

import { columnsToFile } from '../arrow/index.js';
import { trialSeed } from '../workers/index.js';
import type { TrialRecord } from './journal.js';
import type { SearchPlan } from './options.js';

export interface TrialRow {
  readonly trial: number;
  readonly seed: number;
  /** From 1. */
  readonly evaluation: number;
  readonly arch: string;
  readonly value: number;
  /** Best value so far. */
  readonly best: number;
  /** Of this architecture; absent where the table has none, or none was chosen. */
  readonly test?: number;
}

export function trialRows(plan: SearchPlan, trials: ReadonlyMap<number, TrialRecord>): TrialRow[] {
  return [...trials]
    .sort(([a], [b]) => a - b)
    .flatMap(([trial, { batches }]) => {
      const seed = trialSeed(plan.seed, trial);
      let best = Number.NEGATIVE_INFINITY;
      return batches
        .flatMap(({ results }) => results)
        .map(({ arch, metrics }, i) => {
          const value = metrics[plan.metric]!;
          best = Math.max(best, value);
          const test = plan.testMetric === null ? undefined : metrics[plan.testMetric];
          return { trial, seed, evaluation: i + 1, arch, value, best, ...(test !== undefined && { test }) };
        });
    });
}

export function trialsCsv(plan: SearchPlan, rows: readonly TrialRow[]): string {
  const test = plan.testMetric !== null;
  const header = ['trial', 'seed', 'evaluation', 'arch', 'value', 'best', ...(test ? ['test'] : [])];
  const lines = rows.map((row) => {
    const fields = [row.trial, row.seed, row.evaluation, quoted(row.arch), row.value, row.best];
    return [...fields, ...(test ? [row.test ?? ''] : [])].join(',');
  });
  return `${[header.join(','), ...lines].join('\n')}\n`;
}

/** trials.arrow: the same rows. */
export function trialsArrow(plan: SearchPlan, rows: readonly TrialRow[]): Uint8Array {
  return columnsToFile(
    {
      trial: Int32Array.from(rows, (row) => row.trial),
      seed: Uint32Array.from(rows, (row) => row.seed),
      evaluation: Int32Array.from(rows, (row) => row.evaluation),
      arch: rows.map((row) => row.arch),
      value: Float64Array.from(rows, (row) => row.value),
      best: Float64Array.from(rows, (row) => row.best),
      ...(plan.testMetric !== null && { test: Float64Array.from(rows, (row) => row.test ?? Number.NaN) }),
    },
    { metric: plan.metric, ...(plan.testMetric !== null && { testMetric: plan.testMetric }) },
  );
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
