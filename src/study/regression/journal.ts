/** What a regression study writes down as it goes: one entry for each trial that is done. */
import type { RegressionMetrics } from './metrics.js';

export interface RegressionTrial {
  readonly method: string;
  /** Training rows. */
  readonly size: number;
  /** Both from 0. */
  readonly repeat: number;
  readonly fold: number;
  readonly metrics: RegressionMetrics;
  /** Of making the features and fitting the head; language models run before. */
  readonly seconds: number;
}

export type RegressionEntry =
  | { readonly type: 'start'; readonly code: string }
  /** The vectors that a method learns from. */
  | { readonly type: 'vectors'; readonly method: string; readonly identity: string }
  | ({ readonly type: 'trial' } & RegressionTrial);

export const regressionEntries: readonly RegressionEntry['type'][] = ['start', 'vectors', 'trial'];

/** What a trial is known by. */
export function trialKey(trial: Pick<RegressionTrial, 'method' | 'size' | 'repeat' | 'fold'>): string {
  return JSON.stringify([trial.method, trial.size, trial.repeat, trial.fold]);
}

/** Trials by key; one that was written twice counts once. JSON has no NaN: what is missing was one. */
export function trialsOf(entries: readonly RegressionEntry[]): Map<string, RegressionTrial> {
  return new Map(
    entries.flatMap((entry) => {
      if (entry.type !== 'trial') return [];
      const { type: _, ...trial } = entry;
      const metrics = { ...trial.metrics, coverage: trial.metrics.coverage ?? Number.NaN };
      return [[trialKey(trial), { ...trial, metrics }] as const];
    }),
  );
}
