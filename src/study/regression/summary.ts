/** summary.json of a regression study, and its trials as a table. Pure functions of the plan and the trials. */
import { columnsToFile } from '../../arrow/index.js';
import { mean } from '../metrics.js';
import { holm, type PairedTest, pairedTest } from './compare.js';
import type { RegressionTrial } from './journal.js';
import { metricNames, type RegressionMetrics } from './metrics.js';
import type { RegressionPlan } from './options.js';

export interface MethodResult {
  readonly method: string;
  readonly size: number;
  readonly trials: number;
  /** Mean and population deviation of every metric over the trials; null where no trial has it. */
  readonly metrics: Readonly<Record<keyof RegressionMetrics, { mean: number; deviation: number } | null>>;
  /** Mean over the trials: features and fit, without the language model. */
  readonly fitSeconds: number;
}

/** Kendall's tau of a method against that of the baseline, over paired trials. */
export interface MethodComparison extends PairedTest {
  readonly method: string;
  readonly baseline: string;
  readonly size: number;
  /** The two-sided p after Holm's correction over all comparisons of the study. */
  readonly holmP: number;
}

export interface RegressionSummary {
  readonly version: 1;
  readonly kind: 'regression';
  readonly space: string;
  readonly objective: {
    readonly name: string;
    readonly description?: string;
    readonly hash: string;
    readonly metric: string;
  };
  /** With the language model of those that read text with one; `embeddings` for vectors from a file. */
  readonly methods: readonly { readonly name: string; readonly model?: string }[];
  readonly baseline: string;
  readonly sizes: readonly number[];
  readonly folds: number;
  readonly repeats: number;
  /** Architectures that took part; about (folds - 1) / folds of them are outside a fold. */
  readonly population: number;
  readonly seed: number;
  readonly trials: { readonly planned: number; readonly done: number };
  readonly results: readonly MethodResult[];
  readonly comparisons: readonly MethodComparison[];
}

export interface StudyFacts {
  readonly name: string;
  readonly description: string | undefined;
  readonly hash: string;
  readonly population: number;
  readonly sizes: readonly number[];
}

export function summarizeRegression(
  plan: RegressionPlan,
  facts: StudyFacts,
  trials: readonly RegressionTrial[],
): RegressionSummary {
  const { name, description, hash, population, sizes } = facts;
  const methods = plan.methods.map((method) => method.name);
  const of = (method: string, size: number) => ordered(trials.filter((t) => t.method === method && t.size === size));
  const results = methods.flatMap((method) => sizes.map((size) => resultOf(method, size, of(method, size))));
  return {
    version: 1,
    kind: 'regression',
    space: plan.space,
    objective: { name, ...(description !== undefined && { description }), hash, metric: plan.metric },
    methods: plan.methods.map(({ name, embedder, embeddings }) => {
      const model = embedder?.model ?? (embeddings === null ? undefined : 'embeddings');
      return { name, ...(model !== undefined && { model }) };
    }),
    baseline: plan.baseline,
    sizes,
    folds: plan.folds,
    repeats: plan.repeats,
    population,
    seed: plan.seed,
    trials: { planned: methods.length * sizes.length * plan.folds * plan.repeats, done: trials.length },
    results,
    comparisons: comparisonsOf(plan, facts, methods, of),
  };
}

function resultOf(method: string, size: number, trials: readonly RegressionTrial[]): MethodResult {
  const metrics = Object.fromEntries(
    metricNames.map((name) => {
      const values = trials.map((trial) => trial.metrics[name]).filter((value) => !Number.isNaN(value));
      if (values.length === 0) return [name, null];
      const average = mean(values);
      const deviation = Math.sqrt(mean(values.map((value) => (value - average) ** 2)));
      return [name, { mean: average, deviation }];
    }),
  ) as MethodResult['metrics'];
  const fitSeconds = trials.length > 0 ? mean(trials.map((trial) => trial.seconds)) : 0;
  return { method, size, trials: trials.length, metrics, fitSeconds };
}

function comparisonsOf(
  plan: RegressionPlan,
  { sizes, population }: StudyFacts,
  methods: readonly string[],
  of: (method: string, size: number) => readonly RegressionTrial[],
): MethodComparison[] {
  const fold = population / plan.folds;
  const { baseline } = plan;
  const pairs = methods
    .filter((method) => method !== baseline)
    .flatMap((method) => sizes.map((size) => ({ method, size })));
  const tests = pairs.flatMap(({ method, size }) => {
    const others = new Map(of(baseline, size).map((trial) => [JSON.stringify([trial.repeat, trial.fold]), trial]));
    const both = of(method, size).flatMap((trial) => {
      const other = others.get(JSON.stringify([trial.repeat, trial.fold]));
      return other ? [[trial.metrics.tau, other.metrics.tau] as const] : [];
    });
    if (both.length === 0) return [];
    const test = pairedTest(
      both.map(([ours]) => ours),
      both.map(([, theirs]) => theirs),
      { pool: population - fold, fold, size },
    );
    return [{ method, baseline, size, ...test }];
  });
  const adjusted = holm(tests.map(({ p }) => p));
  return tests.map((test, i) => ({ ...test, holmP: adjusted[i]! }));
}

function ordered(trials: readonly RegressionTrial[]): RegressionTrial[] {
  return [...trials].sort((a, b) => a.repeat - b.repeat || a.fold - b.fold);
}

/** Trials in the order of methods, sizes, repeats and folds, whatever order they were done in. */
export function sortedTrials(plan: RegressionPlan, trials: Iterable<RegressionTrial>): RegressionTrial[] {
  const place = new Map(plan.methods.map(({ name }, i) => [name, i]));
  return [...trials].sort(
    (a, b) => place.get(a.method)! - place.get(b.method)! || a.size - b.size || a.repeat - b.repeat || a.fold - b.fold,
  );
}

/** trials.csv: repeats and folds from 0. */
export function regressionCsv(trials: readonly RegressionTrial[]): string {
  const lines = trials.map(({ method, size, repeat, fold, metrics }) => {
    const values = metricNames.map((name) => (Number.isNaN(metrics[name]) ? '' : metrics[name]));
    return [`"${method.replaceAll('"', '""')}"`, size, repeat, fold, ...values].join(',');
  });
  return `${[['method', 'size', 'repeat', 'fold', ...metricNames].join(','), ...lines].join('\n')}\n`;
}

/** trials.arrow: the same rows. */
export function regressionArrow(plan: RegressionPlan, trials: readonly RegressionTrial[]): Uint8Array {
  const numbers = Object.fromEntries(
    metricNames.map((name) => [name, Float64Array.from(trials, ({ metrics }) => metrics[name])]),
  );
  return columnsToFile(
    {
      method: trials.map(({ method }) => method),
      size: Int32Array.from(trials, ({ size }) => size),
      repeat: Int32Array.from(trials, ({ repeat }) => repeat),
      fold: Int32Array.from(trials, ({ fold }) => fold),
      ...numbers,
    },
    { metric: plan.metric },
  );
}
