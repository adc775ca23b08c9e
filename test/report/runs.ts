/**
 * Run directories in the format that `src/study` writes, from trials that a simple model of a search makes up: values are
 * drawn from a skewed distribution whose upper tail a better method finds sooner. Summaries go through the real statistics.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stream } from '#cole/base/index.js';
import { bestSoFar, meanCurve, meanWithBand, targetReach } from '#cole/study/metrics.js';

export interface MadeRun {
  /** Name of the folder and, by default, of the features. */
  readonly name: string;
  readonly strategy?: string;
  readonly features?: string | null;
  readonly model?: string;
  /** 0 is random search; 1 finds good architectures at once. */
  readonly skill: number;
  readonly trials?: number;
  readonly done?: number;
  readonly budget?: number;
  readonly metric?: string;
  readonly metrics?: readonly string[];
  readonly testMetric?: string;
  readonly table?: string;
  readonly hash?: string;
  readonly seed?: number;
  readonly misses?: number;
  readonly best?: number;
  readonly description?: string;
}

/** Writes the run into `parent/name` and returns that path. */
export async function makeRun(parent: string, run: MadeRun): Promise<string> {
  const folder = join(parent, run.name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest(run), null, 2));
  if (run.done !== 0) await writeFile(join(folder, 'summary.json'), JSON.stringify(summary(run), null, 2));
  return folder;
}

const resolve = (run: MadeRun) => {
  const { strategy = 'bananas', trials = 20, budget = 150, metric = 'test_accuracy', best = 91.61 } = run;
  const features = run.features === undefined ? run.name : (run.features ?? undefined);
  return { ...run, strategy, features, trials, budget, metric, best, done: run.done ?? trials };
};

export function manifest(run: MadeRun): Record<string, unknown> {
  const { strategy, features, trials, budget, metric, model, seed = 0 } = resolve(run);
  const flags = [features && `--features ${features}`, model && `--model ${model}`].filter(Boolean).join(' ');
  return {
    command: `cole search --space nas-bench-201 --table cifar10.csv --metric ${metric} --strategy ${strategy} ${flags} --budget ${budget} --trials ${trials} --out runs/${run.name}`,
    started: '2026-11-24T06:12:44.120Z',
    options: {
      space: 'nas-bench-201',
      source: 'file',
      metric,
      testMetric: run.testMetric ?? null,
      settings:
        strategy === 'bananas'
          ? { strategy, bananas: { initial: 20, parents: 16, candidates: 100, maxEdits: 3, acquisition: 'its' } }
          : { strategy },
      features: features === undefined ? null : { spec: features, style: 'nested', scaling: null },
      embedder: model === undefined ? null : { model, pooling: 'avg_avg' },
      surrogate: features === undefined ? null : { members: 3, loss: 'mse', components: 128, epochs: 100 },
      budget,
      batch: strategy === 'evolution' ? 1 : 10,
      trials,
      seed,
      heldOut: 200,
    },
    versions: { cole: '0.1.0', node: '20.20.2', 'onnxruntime-node': '1.30.0', 'apache-arrow': '21.2.0' },
    hashes: { table: run.hash ?? '0f'.repeat(32), code: 'ab'.repeat(32) },
    cpu: { model: 'Intel(R) Xeon(R) Processor @ 2.10GHz', cores: 2, isa: 'avx512' },
  };
}

export function summary(run: MadeRun): Record<string, unknown> {
  const { strategy, features, trials, done, budget, metric, model, best, seed = 0, skill } = resolve(run);
  const histories = Array.from({ length: done }, (_, trial) => history(run.name, trial, budget, skill, best));
  const curves = histories.map((values) => bestSoFar(values, budget));
  const points = [50, 100, 150].filter((n) => n <= budget);
  const at = (shift: number) =>
    points.map((n) => ({ evaluations: n, ...meanWithBand(curves.map((curve) => curve[n - 1]! - shift)) }));
  const refits =
    features === undefined ? [] : Array.from({ length: Math.floor((budget - 20) / 10) }, (_, i) => 20 + 10 * i);
  const random = stream(run.name, 'tau');
  return {
    version: 1,
    method: [strategy, features, model && `nested ${model}`].filter(Boolean).join(' '),
    strategy,
    ...(features !== undefined && { features }),
    ...(model !== undefined && { model }),
    space: 'nas-bench-201',
    objective: {
      name: run.table ?? 'cifar10-test-seed888.csv',
      ...(run.description !== undefined && { description: run.description }),
      hash: run.hash ?? '0f'.repeat(32),
      metric,
      metrics: run.metrics ?? [metric],
      best,
    },
    seed,
    budget,
    trials: { planned: trials, done },
    curve: { evaluations: Array.from({ length: budget }, (_, i) => i + 1), ...meanCurve(curves) },
    bestAt: at(0),
    areaUnderCurve: { mean: 90, halfWidth: 0.1 },
    ...(run.testMetric !== undefined && { testAt: at(0.4) }),
    targets: [0.99, 0.995, 0.9975].map((fraction) => {
      const value = fraction * best;
      return { fraction, value, ...targetReach(curves, value) };
    }),
    tau: refits.map((evaluations) => {
      const level = 0.9 - 0.5 * Math.exp(-evaluations / 60) - 0.25 * (1 - skill);
      const taus = Array.from({ length: done }, () => level + 0.03 * random.normal());
      return { evaluations, ...meanWithBand(taus), trials: done };
    }),
    seconds: {
      sampling: 0.02 * budget,
      rendering: features?.includes('code') || features === 'ngrams' ? 0.8 : 0,
      tokenising: model === undefined ? 0 : 0.31,
      languageModel: model === undefined ? 0 : 41.6,
      head: features === undefined ? 0 : 12.2 + 4 * skill,
      rest: 1.9,
    },
    misses: run.misses ?? 0,
    ended: { space: 0, misses: 0 },
  };
}

function history(name: string, trial: number, budget: number, skill: number, best: number): number[] {
  // The first 20 are the random start that methods of equal seed share.
  const start = stream('start', trial);
  const own = stream(name, trial);
  return Array.from({ length: budget }, (_, i) => {
    const u = (i < 20 ? start : own).float();
    const learnt = i < 20 ? 0 : skill * (1 - Math.exp(-(i - 20) / 40));
    const gap =
      6 * (1 - u) ** (0.55 + 1.1 * learnt) * (1 - 0.9 * learnt) +
      0.004 / (0.05 + u) +
      0.35 * (own.float() * (1 - learnt));
    return Math.round((best - Math.min(gap, 60)) * 1000) / 1000;
  });
}

/** Eight methods as in the comparison that the project reports. */
export const comparison: readonly MadeRun[] = [
  { name: 'code', model: 'smollm2-135m', skill: 0.9 },
  { name: 'code+ngrams', model: 'smollm2-135m', skill: 0.98 },
  { name: 'path', skill: 0.62 },
  { name: 'paths-normal', skill: 0.78 },
  { name: 'ngrams', skill: 0.86 },
  { name: 'adjacency', skill: 0.55 },
  { name: 'evolution', strategy: 'evolution', features: null, skill: 0.4 },
  { name: 'random', strategy: 'random', features: null, skill: 0 },
];
