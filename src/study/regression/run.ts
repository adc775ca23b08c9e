/**
 * Runs a regression study: every method on the same splits and subsamples of one table. Trials go to pool workers, one
 * split of a method at a time; this thread alone writes files. The result is the same for any number of workers, and for a
 * study that was cut off and started again.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { ColeError, interruptedBy, type OnProgress, packageFile, writeFileAtomic } from '../../base/index.js';
import { type Space, space as spaceOf } from '../../spaces/index.js';
import {
  type CoreBudget,
  coreBudget,
  type FoldPredictions,
  openSource,
  type RegressionFoldTask,
  type SharedRows,
  WorkerPool,
} from '../../workers/index.js';
import { extendDirectory } from '../extend.js';
import { Journal } from '../journal.js';
import { lockDirectory } from '../lock.js';
import { codeHash, makeManifest, readManifest, readRunFile, requireSameRun, startDirectory } from '../manifest.js';
import { type Population, populationOf } from './data.js';
import { type RegressionEntry, type RegressionTrial, regressionEntries, trialKey, trialsOf } from './journal.js';
import { regressionMetrics } from './metrics.js';
import {
  defaultSizes,
  type MethodPlan,
  planRegression,
  type RegressionOptions,
  type RegressionPlan,
} from './options.js';
import { fitSeed, stratifiedFolds, trialRowsOf } from './protocol.js';
import {
  type RegressionSummary,
  regressionArrow,
  regressionCsv,
  type StudyFacts,
  sortedTrials,
  summarizeRegression,
} from './summary.js';
import { checkEmbedders, type EmbedderSettings, MethodVectors } from './vectors.js';

/** Options in which a study may be extended: a repeat depends on its number alone. */
const lengths = ['repeats'];

export interface RunRegressionHooks {
  readonly onProgress?: OnProgress;
  /** Aborting ends the study after the line being written, with ERR_INTERRUPTED; the same call goes on from there. */
  readonly signal?: AbortSignal;
  /** Command line for the manifest. */
  readonly command?: string;
}

/**
 * Runs, resumes or, where it is finished, only reads the study in `options.out`. The directory holds manifest.json,
 * journal.jsonl and, at the end, trials.csv, trials.arrow and summary.json. Throws ERR_OPTION for wrong options and for a
 * directory of another run, naming the first difference.
 *
 * @example
 * const { results } = await runRegression({ table: 'cifar10.csv', metric: 'test_accuracy', methods: [{ features: 'path' }], out: 'study' });
 */
export async function runRegression(
  options: RegressionOptions,
  hooks: RunRegressionHooks = {},
): Promise<RegressionSummary> {
  const plan = planRegression(options);
  if (!options.out) throw new ColeError('ERR_OPTION', 'expected a directory as out of a regression study, got none');
  const space = spaceOf(plan.space);
  const table = await openSource(plan.source, space);
  const population = populationOf(plan, table, space);
  const facts: StudyFacts = {
    name: table.name,
    description: table.description,
    hash: table.hash,
    population: population.archs.length,
    sizes: sizesOf(plan, population),
  };
  const cores = coreBudget({
    tasks: plan.folds * plan.repeats,
    workers: options.workers,
    threads: options.threads,
  });
  if (!readManifest(options.out)) await checkEmbedders(plan.methods, embedderSettings(cores, options));
  const unlock = await lockDirectory(options.out);
  try {
    const compared = comparedOptions(plan, facts);
    const found = readManifest(options.out);
    const command = hooks.command ?? 'runRegression';
    if (found) {
      requireSameRun(options.out, found, compared, { table: table.hash }, { lengths, extend: options.extend });
      await extendDirectory(options.out, found, compared, lengths, command);
    } else {
      const hashes = { table: table.hash, code: codeHash() };
      await startDirectory(options.out, makeManifest(command, compared, hashes));
    }
    return finishedSummary(options.out) ?? (await runTrials({ plan, space, population, facts, cores, options, hooks }));
  } finally {
    await unlock();
  }
}

/** The sizes asked for, or those of the default that the smallest pool has rows for. */
function sizesOf(plan: RegressionPlan, { archs }: Population): readonly number[] {
  const pool = archs.length - Math.ceil(archs.length / plan.folds);
  const sizes = plan.sizes ?? defaultSizes.filter((size) => size <= pool);
  const large = sizes.find((size) => size > pool);
  if (large !== undefined || sizes.length === 0 || archs.length < 2 * plan.folds)
    throw new ColeError(
      'ERR_OPTION',
      `expected sizes of at most ${pool}, the rows outside a fold, and two rows in a fold, got ${large ?? archs.length} and ${archs.length} rows`,
    );
  return sizes;
}

/** Files may be moved: hashes say whether they are the same. */
function comparedOptions(plan: RegressionPlan, { sizes }: StudyFacts): Record<string, unknown> {
  const { source, methods, ...rest } = plan;
  return {
    ...rest,
    sizes,
    source: 'path' in source ? 'file' : source,
    methods: methods.map((method) => ({ ...method, embeddings: method.embeddings === null ? null : 'file' })),
  };
}

function finishedSummary(directory: string): RegressionSummary | undefined {
  return readRunFile<RegressionSummary>(directory, 'summary.json', ['results', 'comparisons']);
}

interface Work {
  readonly plan: RegressionPlan;
  readonly space: Space<unknown>;
  readonly population: Population;
  readonly facts: StudyFacts;
  readonly cores: CoreBudget;
  readonly options: RegressionOptions;
  readonly hooks: RunRegressionHooks;
}

async function runTrials(work: Work): Promise<RegressionSummary> {
  const { plan, facts, cores, options, hooks } = work;
  const journal = new Journal<RegressionEntry>(join(options.out, 'journal.jsonl'), regressionEntries);
  const pool = new WorkerPool<RegressionFoldTask, FoldPredictions[]>(
    packageFile('dist', 'workers', 'regression-fold.js'),
    cores.workers,
  );
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const onAbort = () => stop.abort(hooks.signal?.reason);
  hooks.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    interruptedBy(hooks.signal, 'the study was interrupted');
    const trials = trialsOf(journal.entries);
    journal.append({ type: 'start', code: codeHash() });
    const total = plan.methods.length * facts.sizes.length * plan.folds * plan.repeats;
    const report = (note: string) =>
      hooks.onProgress?.({ stage: 'study', done: trials.size, total, unit: 'trials', note });
    const record = (done: readonly RegressionTrial[]) => {
      if (stop.signal.aborted) return;
      for (const trial of done) {
        journal.append({ type: 'trial', ...trial });
        trials.set(trialKey(trial), trial);
      }
      report(done[0]!.method);
    };
    const isOpen = (method: MethodPlan) => openFolds(work, method, trials).length > 0;
    const methods = plan.methods.filter(isOpen);
    const source = vectorSource(work, methods);
    // Method after method: few vectors are in memory at a time.
    for (const method of methods) {
      report(method.name);
      const vectors = await source.next();
      interruptedBy(hooks.signal, 'the study was interrupted');
      if (vectors) requireSameVectors(journal, method.name, vectors.identity);
      const rows = vectors?.rows ?? null;
      await Promise.all(
        openFolds(work, method, trials).map(async (fold) =>
          record(await runFold(work, method, rows, fold, pool, stop.signal)),
        ),
      );
    }
    journal.flush();
    return await writeResults(work, [...trials.values()]);
  } catch (error) {
    stop.abort(error);
    interruptedBy(hooks.signal, 'the study was interrupted');
    throw error;
  } finally {
    hooks.signal?.removeEventListener('abort', onAbort);
    await pool.close();
    journal.close();
  }
}

interface OpenFold {
  readonly repeat: number;
  readonly fold: number;
  readonly sizes: readonly number[];
}

function openFolds({ plan, facts }: Work, method: MethodPlan, trials: ReadonlyMap<string, unknown>): OpenFold[] {
  const open: OpenFold[] = [];
  for (let repeat = 0; repeat < plan.repeats; repeat++)
    for (let fold = 0; fold < plan.folds; fold++) {
      const sizes = facts.sizes.filter((size) => !trials.has(trialKey({ method: method.name, size, repeat, fold })));
      if (sizes.length > 0) open.push({ repeat, fold, sizes });
    }
  return open;
}

function vectorSource(
  { space, population, options, cores, hooks }: Work,
  methods: readonly MethodPlan[],
): MethodVectors {
  return new MethodVectors(methods, space, population.archs, embedderSettings(cores, options), hooks.onProgress);
}

function embedderSettings({ languageModelThreads }: CoreBudget, { cache }: RegressionOptions): EmbedderSettings {
  return { threads: languageModelThreads, ...(cache !== undefined && { cache }) };
}

/** Trials of one method come from the same vectors, also when the study goes on later. */
function requireSameVectors(journal: Journal<RegressionEntry>, method: string, identity: string): void {
  const known = journal.entries.find((entry) => entry.type === 'vectors' && entry.method === method);
  if (known === undefined) journal.append({ type: 'vectors', method, identity });
  else if (known.type === 'vectors' && known.identity !== identity)
    throw new ColeError(
      'ERR_OPTION',
      `expected the vectors of ${method} with which the study was started, ${known.identity}, got ${identity}; choose another directory`,
    );
}

async function runFold(
  { plan, population, cores }: Work,
  method: MethodPlan,
  rows: SharedRows | null,
  { repeat, fold, sizes }: OpenFold,
  pool: WorkerPool<RegressionFoldTask, FoldPredictions[]>,
  signal: AbortSignal,
): Promise<RegressionTrial[]> {
  const { archs, values } = population;
  const folds = stratifiedFolds(values, plan.folds, plan.seed, repeat);
  const drawn = sizes.map((size) => trialRowsOf(folds, fold, size, plan.seed, repeat));
  const { test } = drawn[0]!;
  const task: RegressionFoldTask = {
    key: method.name,
    space: plan.space,
    archs,
    values,
    features: method.features,
    rows,
    surrogate: { ...method.surrogate, threads: cores.addonThreads },
    test,
    fits: drawn.map(({ train }, i) => ({ train, seed: fitSeed(plan.seed, repeat, fold, sizes[i]!) })),
  };
  const predictions = await pool.run(task, { signal });
  const truth = Float64Array.from(test, (index) => values[index]!);
  return predictions.map(({ mean, std, seconds }, i) => ({
    method: method.name,
    size: sizes[i]!,
    repeat,
    fold,
    metrics: regressionMetrics(truth, mean, std),
    seconds,
  }));
}

async function writeResults({ plan, facts, options }: Work, done: RegressionTrial[]): Promise<RegressionSummary> {
  const trials = sortedTrials(plan, done);
  await writeFileAtomic(join(options.out, 'trials.csv'), regressionCsv(trials));
  await writeFileAtomic(join(options.out, 'trials.arrow'), regressionArrow(plan, trials));
  // Last: that there is a summary is what says that the study is finished.
  const summary = summarizeRegression(plan, facts, trials);
  await writeFileAtomic(join(options.out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}
