/** Evaluations saved by the runs of one table against its path encoding, trial by trial. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJournal, trialsOf } from './journal.js';
import { bestSoFar, pairedReduction, type Reduction, reachCounts } from './metrics.js';
import type { SearchSummary } from './summary.js';

export interface RunComparison extends Reduction {
  /** Run directories. */
  readonly run: string;
  readonly baseline: string;
  /** Share of the best value in the table that is the target. */
  readonly fraction: number;
}

/** The method that published comparisons are made with. */
const baselineFeatures = 'path';

/**
 * Each finished run among the directories, or inside them, against the finished one with path encoding; none where there is
 * not exactly one such baseline. Only runs with the baseline's seed, budget and number of trials are compared: their trials
 * start from the same architectures.
 */
export function compareRuns(directories: readonly string[]): RunComparison[] {
  // Screens and regression studies have no targets.
  const runs = directories
    .flatMap(summarized)
    .map(readRun)
    .filter(({ summary }) => summary.targets !== undefined);
  const baselines = runs.filter(({ summary }) => summary.features === baselineFeatures);
  const baseline = baselines[0];
  if (!baseline || baselines.length > 1) return [];
  return runs.flatMap((run) => {
    if (run === baseline || !comparable(run.summary, baseline.summary)) return [];
    return baseline.summary.targets.map(({ fraction, value }) => ({
      run: run.directory,
      baseline: baseline.directory,
      fraction,
      ...pairedReduction(reachCounts(run.curves(), value), reachCounts(baseline.curves(), value)),
    }));
  });
}

/** The directory, or those inside it, that have a summary; an unfinished run is nobody's rival yet. */
function summarized(directory: string): string[] {
  const has = (each: string) => existsSync(join(each, 'summary.json'));
  if (has(directory)) return [directory];
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name))
    .filter(has);
}

function readRun(directory: string) {
  const summary = JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8')) as SearchSummary;
  let curves: number[][] | undefined;
  return { directory, summary, curves: () => (curves ??= readCurves(directory, summary)) };
}

/** Best value so far of each trial, in the order of trials. */
function readCurves(directory: string, { objective, budget }: SearchSummary): number[][] {
  const path = join(directory, 'journal.jsonl');
  const trials = trialsOf(parseJournal(readFileSync(path, 'utf8'), path), path);
  return [...trials]
    .sort(([a], [b]) => a - b)
    .map(([, { batches }]) => {
      const values = batches.flatMap(({ results }) => results.map(({ metrics }) => metrics[objective.metric]!));
      return bestSoFar(values, budget);
    });
}

function comparable(a: SearchSummary, b: SearchSummary): boolean {
  const facts = ({ objective: { hash, metric }, seed, budget, trials: { planned, done } }: SearchSummary) =>
    JSON.stringify([hash, metric, seed, budget, planned, done]);
  return facts(a) === facts(b) && a.trials.done === a.trials.planned;
}
