/**
 * Runs a search: `trials` trials of one method on pool workers, everything they find in one journal. This thread alone
 * writes files. The result is the same for any number of workers, and for a run that was cut off and started again.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { ColeError, interruptedBy, type OnProgress, packageFile, writeFileAtomic } from '../base/index.js';
import type { Embedder } from '../lm/index.js';
import type { Outcome } from '../objectives/index.js';
import {
  type CoreBudget,
  coreBudget,
  EmbeddingServer,
  type EvaluationReply,
  type SearchTrialMessage,
  type SearchTrialTask,
  trialSeed,
  WorkerPool,
} from '../workers/index.js';
import { extendSearch, searchLengths } from './extend.js';
import { warnOfLongTexts } from './features.js';
import { Journal, type TrialRecord, trialsOf } from './journal.js';
import { lockDirectory } from './lock.js';
import {
  codeHash,
  longerOptions,
  makeManifest,
  readManifest,
  readRunFile,
  requireSameRun,
  startDirectory,
} from './manifest.js';
import { planSearch, type RunSearchOptions, type SearchPlan } from './options.js';
import { trialRows, trialsArrow, trialsCsv } from './results.js';
import { comparedOptions, factsOf } from './source.js';
import { type SearchSummary, type SourceFacts, summarize } from './summary.js';
import { Trainings } from './trainings.js';

export interface RunSearchHooks {
  readonly onProgress?: OnProgress;
  /** Aborting ends the run after the line being written, with ERR_INTERRUPTED; the same call goes on from there. */
  readonly signal?: AbortSignal;
  /** Command line for the manifest. */
  readonly command?: string;
}

/**
 * Runs, resumes or, where it is finished, only reads the run in `options.out`, and returns its summary. The directory holds
 * manifest.json, journal.jsonl and, at the end, trials.csv, trials.arrow and summary.json (which is also rewritten after
 * each trial). Throws ERR_OPTION for wrong options and for a directory of another run, naming the first difference.
 *
 * @example
 * const summary = await runSearch({ table: 'cifar10.csv', metric: 'test_accuracy', features: 'path', trials: 20, out: 'run' });
 */
export async function runSearch(options: RunSearchOptions, hooks: RunSearchHooks = {}): Promise<SearchSummary> {
  const plan = planSearch(options);
  if (!options.out) throw new ColeError('ERR_OPTION', 'expected a directory as out of a search, got none');
  const cores = coreBudget({ tasks: plan.trials, workers: options.workers, threads: options.threads });
  const facts = await factsOf(plan);
  const factHashes = { [facts.kind]: facts.hash };
  const found = readManifest(options.out);
  const compared = comparedOptions(plan);
  const { extend } = options;
  if (found) requireSameRun(options.out, found, compared, factHashes, { lengths: searchLengths, extend });
  const isLonger = found !== undefined && longerOptions(found, compared, searchLengths).length > 0;
  const finished = isLonger ? undefined : finishedSummary(options.out);
  if (finished) return finished;
  interruptedBy(hooks.signal, 'the search was interrupted');

  const embedder = plan.embedder && (await openEmbedder(plan, options, cores));
  try {
    const unlock = await lockDirectory(options.out);
    try {
      const hashes = { ...factHashes, ...(embedder && { model: embedder.identity }) };
      // Read again: another process may have begun, or finished, since.
      const now = readManifest(options.out);
      const command = hooks.command ?? 'runSearch';
      if (now) {
        requireSameRun(options.out, now, compared, hashes, { lengths: searchLengths, extend });
        await extendSearch(options.out, now, compared, command);
      } else {
        const manifest = makeManifest(command, compared, { ...hashes, code: codeHash() });
        await startDirectory(options.out, manifest);
      }
      return (
        finishedSummary(options.out) ?? (await runTrials(plan, facts, options.out, cores, embedder ?? undefined, hooks))
      );
    } finally {
      await unlock();
    }
  } finally {
    if (embedder) warnOfLongTexts(embedder);
    await embedder?.close();
  }
}

function finishedSummary(directory: string): SearchSummary | undefined {
  const summary = readRunFile<SearchSummary>(directory, 'summary.json', ['objective', 'trials']);
  return summary && summary.trials.done === summary.trials.planned ? summary : undefined;
}

async function openEmbedder(plan: SearchPlan, options: RunSearchOptions, cores: CoreBudget): Promise<Embedder> {
  // Loaded for those who read text only: its runtime is an optional package.
  const { createEmbedder } = await import('../lm/index.js');
  return createEmbedder({
    ...plan.embedder!,
    threads: cores.languageModelThreads,
    ...(options.cache !== undefined && { cache: options.cache }),
  });
}

async function runTrials(
  plan: SearchPlan,
  facts: SourceFacts,
  directory: string,
  cores: CoreBudget,
  embedder: Embedder | undefined,
  hooks: RunSearchHooks,
): Promise<SearchSummary> {
  const path = join(directory, 'journal.jsonl');
  const journal = new Journal(path);
  const stop = new AbortController();
  // Every trial listens; more than ten are no leak.
  setMaxListeners(0, stop.signal);
  let trainings: Trainings | undefined;
  const pool = new WorkerPool<SearchTrialTask, void>(packageFile('dist', 'workers', 'search-trial.js'), cores.workers);
  try {
    const trials = trialsOf(journal.entries, path);
    const server = embedder && new EmbeddingServer(embedder);
    journal.append({ type: 'start', code: codeHash() });
    // By trial: trainings of its batch that have finished.
    const trained = new Map<number, number>();
    const report = progressOf(plan, trials, trained, hooks.onProgress);
    trainings =
      'command' in plan.source
        ? new Trainings({
            ...plan,
            source: plan.source,
            directory,
            entries: journal.entries,
            append: (entry) => {
              journal.append(entry);
              if (entry.outcome.status === 'ok') trained.set(entry.trial, 1 + (trained.get(entry.trial) ?? 0));
              report();
            },
          })
        : undefined;
    const writeSummary = inTurn(() => write(directory, 'summary.json', summarize(plan, facts, trials)));
    const open = Array.from({ length: plan.trials }, (_, i) => i + 1).filter((trial) => !trials.get(trial)?.end);
    const run = async (trial: number): Promise<void> => {
      const record = trials.get(trial) ?? { batches: [] };
      trials.set(trial, record);
      const task = taskOf(plan, cores, trial, record, embedder);
      const evaluate = (archs: readonly string[]) => trainings!.evaluate(trial, archs);
      await runTrialOnPool(pool, task, server, evaluate, stop.signal, (message) => {
        if (message.kind === 'batch') {
          trained.delete(trial);
          journal.append({ type: 'batch', trial, ...message.batch });
          record.batches.push(message.batch);
          report();
        } else if (message.kind === 'end') {
          journal.append({ type: 'end', trial, end: message.end });
          record.end = message.end;
        }
      });
      // The last one is written with everything else below.
      if ([...trials.values()].filter((each) => each.end).length < plan.trials) await writeSummary();
    };
    const onAbort = () => stop.abort(hooks.signal?.reason);
    hooks.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.all(open.map(run));
    } catch (error) {
      stop.abort(error);
      interruptedBy(hooks.signal, 'the search was interrupted');
      throw error;
    } finally {
      hooks.signal?.removeEventListener('abort', onAbort);
    }
    journal.flush();
    return await writeResults(plan, facts, directory, trials);
  } finally {
    await pool.close();
    await trainings?.close();
    journal.close();
  }
}

function taskOf(
  plan: SearchPlan,
  cores: CoreBudget,
  trial: number,
  record: TrialRecord,
  embedder: Embedder | undefined,
): Omit<SearchTrialTask, 'port'> {
  const { features, surrogate } = plan;
  return {
    space: plan.space,
    source: 'command' in plan.source ? { command: plan.source.command } : plan.source,
    metrics: plan.testMetric === null ? [plan.metric] : [plan.metric, plan.testMetric],
    settings: plan.settings,
    ...(features && {
      features: { ...features, scaling: features.scaling ?? undefined },
    }),
    ...(surrogate && { surrogate: { ...surrogate, threads: cores.addonThreads } }),
    ...(embedder && { embedder: { identity: embedder.identity, dimension: embedder.dimension } }),
    runSeed: plan.seed,
    heldOut: plan.heldOut,
    seed: trialSeed(plan.seed, trial),
    budget: plan.budget,
    batch: plan.batch,
    history: [...record.batches],
  };
}

/** Resolves when the worker's last message has been handled, which may be after the pool says that the task is done. */
async function runTrialOnPool(
  pool: WorkerPool<SearchTrialTask, void>,
  task: Omit<SearchTrialTask, 'port'>,
  server: EmbeddingServer | undefined,
  evaluate: (archs: readonly string[]) => Promise<Outcome[]>,
  signal: AbortSignal,
  handle: (message: Exclude<SearchTrialMessage, { kind: 'embed' | 'evaluate' }>) => void,
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  try {
    const ended = new Promise<void>((resolve, reject) => {
      port1.on('message', (message: SearchTrialMessage) => {
        // After an abort nothing more is written: the journal may be closed by now.
        if (signal.aborted) return;
        try {
          if (message.kind === 'embed') server!.ask(message, port1);
          else if (message.kind === 'evaluate') {
            const { evaluation, archs } = message;
            evaluate(archs).then(
              (outcomes) => port1.postMessage({ evaluation, outcomes } satisfies EvaluationReply),
              reject,
            );
          } else handle(message);
          if (message.kind === 'end') resolve();
        } catch (error) {
          reject(error);
        }
      });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.all([pool.run({ ...task, port: port2 }, { transfer: [port2], signal }), ended]);
  } finally {
    port1.close();
  }
}

function progressOf(
  plan: SearchPlan,
  trials: ReadonlyMap<number, TrialRecord>,
  trained: ReadonlyMap<number, number>,
  onProgress: OnProgress | undefined,
): () => void {
  const total = plan.trials * plan.budget;
  const report = () => {
    const done = [...trials.values()].reduce(
      (sum, { batches }) => sum + batches.reduce((n, { results }) => n + results.length, 0),
      [...trained.values()].reduce((sum, count) => sum + count, 0),
    );
    onProgress?.({ stage: 'search', done, total, unit: 'evaluations' });
  };
  report();
  return report;
}

async function writeResults(
  plan: SearchPlan,
  facts: SourceFacts,
  directory: string,
  trials: ReadonlyMap<number, TrialRecord>,
): Promise<SearchSummary> {
  const rows = trialRows(plan, trials);
  await writeFileAtomic(join(directory, 'trials.csv'), trialsCsv(plan, rows));
  await writeFileAtomic(join(directory, 'trials.arrow'), trialsArrow(plan, rows));
  // Last: a summary of all trials is what says that the run is finished.
  const summary = summarize(plan, facts, trials);
  await write(directory, 'summary.json', summary);
  return summary;
}

function write(directory: string, name: string, value: unknown): Promise<void> {
  return writeFileAtomic(join(directory, name), `${JSON.stringify(value, null, 2)}\n`);
}

/** Calls that overlap run one after the other. */
function inTurn(work: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    last = last.then(work);
    return last;
  };
}
