/** summary.json: what the finished trials of a run show. A pure function of the plan, the table's facts and the trials. */

import { shortReading } from '../features/index.js';
import type { TrialRecord } from './journal.js';
import { areaUnderCurve, bestSoFar, meanCurve, meanWithBand, type TargetReach, targetReach } from './metrics.js';
import type { SearchPlan } from './options.js';

export interface SearchSummary {
  readonly version: 1;
  /** Shown name of the method, such as `bananas code` or `random`. */
  readonly method: string;
  readonly strategy: string;
  readonly features?: string;
  readonly model?: string;
  readonly space: string;
  readonly objective: {
    readonly name: string;
    readonly description?: string;
    readonly hash: string;
    readonly metric: string;
    readonly metrics: readonly string[];
    /** `command`: trained for this run. Absent for a table. */
    readonly kind?: 'command';
    /** Best value in the table, or that was found where there is no table. */
    readonly best: number;
  };
  readonly seed: number;
  readonly budget: number;
  readonly trials: { readonly planned: number; readonly done: number };
  /** Best value so far, mean over trials with the half-width of its 95 % band, after each evaluation from 1. */
  readonly curve: {
    readonly evaluations: readonly number[];
    readonly mean: readonly number[];
    readonly halfWidth: readonly number[];
  };
  readonly bestAt: readonly { readonly evaluations: number; readonly mean: number; readonly halfWidth: number }[];
  /** Area under the best-so-far curves divided by their width, in units of the metric. */
  readonly areaUnderCurve: { readonly mean: number; readonly halfWidth: number };
  readonly targets: readonly ({ readonly fraction: number; readonly value: number } & TargetReach)[];
  /** Test metric of the architecture that is best by the metric, where a test metric was chosen; same form as `bestAt`. */
  readonly testAt?: readonly { readonly evaluations: number; readonly mean: number; readonly halfWidth: number }[];
  /** Kendall tau-b of the surrogate on held-out architectures after each refit, over trials. */
  readonly tau: readonly {
    readonly evaluations: number;
    readonly mean: number;
    readonly halfWidth: number;
    readonly trials: number;
  }[];
  /** Seconds by stage, summed over trials. Trials run side by side, so the sum is more than the wall clock shows. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Architectures that were asked for but have no value in the table, summed over trials. */
  readonly misses: number;
  /** Trials that ended before their budget, and why. */
  readonly ended: Readonly<Record<string, number>>;
}

export interface SourceFacts {
  readonly kind: 'table' | 'command';
  readonly name: string;
  readonly description: string | undefined;
  readonly hash: string;
  readonly metrics: readonly string[];
  /** Absent where nobody knows. */
  readonly best?: number;
}

/** Shares of the best value in the table. */
const fractions = [0.99, 0.995, 0.9975];
const checkpoints = [50, 100, 150];
const stages = ['sampling', 'rendering', 'tokenising', 'languageModel', 'head', 'rest'];

export function summarize(plan: SearchPlan, source: SourceFacts, all: ReadonlyMap<number, TrialRecord>): SearchSummary {
  const trials = [...all].sort(([a], [b]) => a - b).flatMap(([, trial]) => (trial.end ? [trial] : []));
  const histories = trials.map((trial) =>
    trial.batches.flatMap(({ results }) => results.map(({ metrics }) => metrics)),
  );
  const curves = histories
    .filter((history) => history.length > 0)
    .map((history) =>
      bestSoFar(
        history.map((metrics) => metrics[plan.metric]!),
        plan.budget,
      ),
    );
  const evaluations = Array.from({ length: curves.length > 0 ? plan.budget : 0 }, (_, i) => i + 1);
  const at = checkpoints.filter((checkpoint) => curves.length > 0 && checkpoint <= plan.budget);
  return {
    version: 1,
    method: methodName(plan),
    strategy: plan.settings.strategy,
    ...(plan.features && { features: plan.features.spec }),
    ...(plan.embedder && { model: plan.embedder.model }),
    space: plan.space,
    objective: {
      ...(source.kind === 'command' && { kind: source.kind }),
      name: source.name,
      ...(source.description !== undefined && { description: source.description }),
      hash: source.hash,
      metric: plan.metric,
      metrics: source.metrics,
      best: source.best ?? curves.reduce((best, curve) => Math.max(best, curve.at(-1)!), curves[0]?.at(-1) ?? 0),
    },
    seed: plan.seed,
    budget: plan.budget,
    trials: { planned: plan.trials, done: trials.length },
    curve: { evaluations, ...meanCurve(curves) },
    bestAt: at.map((n) => ({ evaluations: n, ...meanWithBand(curves.map((curve) => curve[n - 1]!)) })),
    areaUnderCurve: curves.length > 0 ? meanWithBand(curves.map(areaUnderCurve)) : { mean: 0, halfWidth: 0 },
    targets:
      curves.length === 0 || source.best === undefined
        ? []
        : fractions.map((fraction) => {
            const value = fraction * source.best!;
            return { fraction, value, ...targetReach(curves, value) };
          }),
    ...(plan.testMetric !== null && { testAt: testAt(plan, plan.testMetric, histories, at) }),
    tau: tauByRefit(trials),
    seconds: secondsByStage(trials, source.kind),
    misses: trials.reduce((sum, { batches }) => sum + batches.reduce((n, { misses }) => n + misses.length, 0), 0),
    ended: Object.fromEntries(
      (['space', 'misses'] as const).map((end) => [end, trials.filter((trial) => trial.end === end).length]),
    ),
  };
}

/** Strategy and features, with what is not the default of its kind in brackets. */
function methodName(plan: SearchPlan): string {
  const { settings, features, embedder, surrogate } = plan;
  const head = surrogate && surrogate.head !== 'mlp' ? surrogate.head : undefined;
  return [settings.strategy, features?.spec, embedder && `${features?.style} ${shortReading(embedder)}`, head]
    .filter((part) => part)
    .join(' ');
}

/** Where the incumbent's test value is missing in the table, the trial is left out of that mean. */
function testAt(
  plan: SearchPlan,
  testMetric: string,
  histories: readonly (readonly Readonly<Record<string, number>>[])[],
  checkpoints: readonly number[],
): NonNullable<SearchSummary['testAt']> {
  return checkpoints.flatMap((n) => {
    const values = histories.flatMap((history) => {
      const incumbent = history
        .slice(0, n)
        .reduce((best, metrics) => (metrics[plan.metric]! > best[plan.metric]! ? metrics : best), history[0]!);
      const value = incumbent?.[testMetric];
      return value === undefined ? [] : [value];
    });
    return values.length === 0 ? [] : [{ evaluations: n, ...meanWithBand(values) }];
  });
}

function tauByRefit(trials: readonly TrialRecord[]): SearchSummary['tau'] {
  const byCount = new Map<number, number[]>();
  for (const { batches } of trials) {
    // A trial that was resumed may have fitted once more at the same point, to the same result.
    const own = new Map(
      batches.flatMap(({ refit }) => (refit?.tau === undefined ? [] : [[refit.evaluations, refit.tau]])),
    );
    for (const [count, tau] of own) byCount.set(count, [...(byCount.get(count) ?? []), tau]);
  }
  return [...byCount]
    .sort(([a], [b]) => a - b)
    .map(([evaluations, taus]) => ({ evaluations, ...meanWithBand(taus), trials: taus.length }));
}

/** A training is told apart from what the search itself takes. */
function secondsByStage(trials: readonly TrialRecord[], kind: SourceFacts['kind']): Record<string, number> {
  const sums = Object.fromEntries(stages.map((stage) => [stage, 0]));
  for (const { batches } of trials) {
    for (const { seconds } of batches) {
      for (const [stage, value] of Object.entries(seconds)) {
        const waiting = kind === 'command' && stage === 'objective' ? 'training' : 'rest';
        const name = stages.includes(stage) ? stage : waiting;
        sums[name] = (sums[name] ?? 0) + value;
      }
    }
  }
  return sums;
}
