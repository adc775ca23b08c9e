/** Runs arranged for showing: methods sorted best first, each with its name, colour and dash; no number is made here. */
import { basename } from 'node:path';
import type { Run } from './read.js';
import { type Ink, ink, methodInks } from './theme.js';
import type { RunSummary, TargetSummary } from './types.js';

export interface Method {
  /** Unique within the report. */
  readonly name: string;
  readonly run: Run;
  readonly summary: RunSummary;
  readonly ink: Ink;
  /** SVG dash pattern; methods without a language model are dashed, language models are solid. */
  readonly dash?: string;
  readonly languageModel: boolean;
  readonly partial: boolean;
}

export interface View {
  readonly methods: readonly Method[];
  /** Runs that have not finished a trial. */
  readonly pending: readonly Run[];
  readonly space: string;
  readonly objective: RunSummary['objective'];
  /** The metric of `testAt`, where the runs recorded one. */
  readonly testMetric: string | undefined;
  /** The longest budget of the runs. */
  readonly budget: number;
  /** Target fractions, ascending. */
  readonly fractions: readonly number[];
  /** The fraction that methods are sorted by. */
  readonly mainFraction: number | undefined;
  /** Evaluations at which the mean best is told, ascending. */
  readonly points: readonly number[];
  /** The method that the others are compared with: path encoding, where one run has it. */
  readonly baseline: Method | undefined;
  /** Decimals that resolve the values of this metric. */
  readonly decimals: number;
}

const solid = [undefined, '10 3 2 3', '14 3'];
const dashed = ['6 3', '2 3', '8 3 2 3 2 3'];

export function arrange(runs: readonly Run[]): View {
  const done = runs.filter((run) => run.summary !== undefined);
  const summaries = done.map((run) => run.summary!);
  const fractions = distinct(summaries.flatMap(({ targets }) => targets.map(({ fraction }) => fraction)));
  const mainFraction = fractions[fractions.length >> 1];
  const sorted = done.slice().sort((a, b) => compare(a.summary!, b.summary!, mainFraction));
  const names = shownNames(sorted);
  const styles = assignStyles(sorted.map((run) => run.summary!));
  const methods = sorted.map((run, i): Method => {
    const summary = run.summary!;
    return {
      name: names[i]!,
      run,
      summary,
      ...styles[i]!,
      languageModel: summary.model !== undefined,
      partial: summary.trials.done < summary.trials.planned,
    };
  });
  const { space, objective } = summaries[0]!;
  const paths = methods.filter(({ summary }) => summary.features === 'path');
  return {
    methods,
    pending: runs.filter((run) => run.summary === undefined),
    space,
    objective,
    testMetric: testMetricOf(methods),
    budget: Math.max(...summaries.map(({ budget }) => budget)),
    fractions,
    mainFraction,
    points: distinct(summaries.flatMap(({ bestAt }) => bestAt.map(({ evaluations }) => evaluations))),
    baseline: paths.length === 1 ? paths[0] : undefined,
    decimals: decimalsFor(summaries),
  };
}

function testMetricOf(methods: readonly Method[]): string | undefined {
  const tested = methods.find(({ summary }) => summary.testAt !== undefined);
  return tested && String(tested.run.manifest.options.testMetric ?? 'test metric');
}

/** Of the table; where there is none, the best that any of the runs has found. */
export function bestOf({ methods }: Pick<View, 'methods'>): number {
  return Math.max(...methods.map(({ summary }) => summary.objective.best));
}

export function targetOf(summary: RunSummary, fraction: number | undefined): TargetSummary | undefined {
  return summary.targets.find((target) => target.fraction === fraction);
}

/** Fewer evaluations to the main target first, then the higher end of the curve, then the name. */
function compare(a: RunSummary, b: RunSummary, fraction: number | undefined): number {
  const [x, y] = [a, b].map((summary) => targetOf(summary, fraction)?.meanOfTrials ?? Number.MAX_VALUE);
  const [u, v] = [a, b].map((summary) => summary.curve.mean.at(-1)!);
  return x! - y! || v! - u! || (a.method < b.method ? -1 : 1);
}

/**
 * The names of the runs without what they all share: the strategy of all that have a surrogate, and the language model of
 * all that have one, which the tables tell beside the name. Names that come out equal get their folder.
 */
function shownNames(runs: readonly Run[]): string[] {
  const summaries = runs.map((run) => run.summary!);
  const single = (values: (string | undefined)[]) => new Set(values.filter((value) => value !== undefined)).size === 1;
  const oneStrategy = single(
    summaries.map(({ features, strategy }) => (features === undefined ? undefined : strategy)),
  );
  const oneModel = single(summaries.map(({ model }) => model));
  const short = summaries.map(({ method, strategy, features, model }) => {
    let name = method;
    if (oneStrategy && features !== undefined && name.startsWith(`${strategy} `))
      name = name.slice(strategy.length + 1);
    if (oneModel && model !== undefined && name.endsWith(` ${model}`)) name = name.slice(0, -model.length - 1);
    return name;
  });
  const twice = (list: string[], name: string) => list.filter((other) => other === name).length > 1;
  const withFolder = short.map((name, i) => (twice(short, name) ? `${name} (${basename(runs[i]!.folder)})` : name));
  return withFolder.map((name, i) => (twice(withFolder, name) ? `${name} #${i + 1}` : name));
}

/** Language models take colours from the front, the others go on from there; a second round differs in its dashes. */
export function assignStyles(
  summaries: readonly Pick<RunSummary, 'model' | 'features'>[],
): { ink: Ink; dash?: string }[] {
  const colours = methodInks.length;
  const models = summaries.filter(({ model }) => model !== undefined).length;
  let model = 0;
  let rival = 0;
  let plain = 0;
  return summaries.map((summary) => {
    if (summary.model !== undefined) {
      const dash = solid[Math.floor(model / colours) % solid.length];
      const style = { ink: methodInks[model % colours]!, ...(dash === undefined ? {} : { dash }) };
      model++;
      return style;
    }
    if (summary.features === undefined) return { ink: ink.plain, dash: ['2 3', '7 3', '9 3 2 3'][plain++ % 3]! };
    const style = { ink: methodInks[(models + rival) % colours]!, dash: dashed[Math.floor(rival / colours) % 3]! };
    rival++;
    return style;
  });
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** About a hundredth of the range of the curves after their first tenth can be told apart. */
function decimalsFor(summaries: readonly RunSummary[]): number {
  const settled = summaries.map(({ curve }) => curve.mean[Math.floor(curve.mean.length / 10)]!);
  const range = summaries[0]!.objective.best - Math.min(...settled);
  return range > 0 ? Math.min(6, Math.max(0, Math.round(2 - Math.log10(range)))) : 2;
}
