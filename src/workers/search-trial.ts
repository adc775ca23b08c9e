/**
 * Worker entry: runs a whole search trial. What decides its course is in the task; batches go out over the task's port as
 * they are made, vectors of texts come in over it. Tables and vectors are kept for the next trial in this worker.
 */
import type { MessagePort } from 'node:worker_threads';
import { seedOf, stream } from '../base/index.js';
import { createFeatures, type FeatureSet, type Scaling, type TextEmbedder } from '../features/index.js';
import {
  type Objective,
  type Outcome,
  openBenchmark,
  openTable,
  type Table,
  tableObjective,
} from '../objectives/index.js';
import {
  createStrategy,
  type HeldOut,
  type RefitEvent,
  runTrial,
  Stopwatch,
  type StrategySettings,
  type TrialBatch,
  type TrialEnd,
} from '../search/index.js';
import { rowsOf, type Space, space as spaceOf } from '../spaces/index.js';
import { createSurrogate, type SurrogateOptions } from '../surrogate/index.js';
import { EmbeddingClient, type EmbeddingReply, type EmbeddingRequest } from './embedding-port.js';
import { answering } from './reply.js';

/** Where values come from: a file, or a benchmark that is part of the package. */
export type TableSource = { readonly path: string } | { readonly benchmark: string };

/** Values come from whoever has the other end of the port. */
export interface PortSource {
  readonly command: string;
}

export interface SearchTrialTask {
  readonly space: string;
  readonly source: TableSource | PortSource;
  /** The first is searched on, the others are reported. */
  readonly metrics: readonly [string, ...string[]];
  readonly settings: StrategySettings;
  /** As in `createFeatures`; absent for strategies that look at nothing. */
  readonly features?: {
    readonly spec: string;
    readonly style?: string;
    readonly scaling?: Scaling | undefined;
    readonly codeScaling?: Scaling | undefined;
  };
  readonly surrogate?: SurrogateOptions;
  /** Of the language model whose vectors the port gives, where the features need one. */
  readonly embedder?: { readonly identity: string; readonly dimension: number };
  /** Seed of the run, which all its trials share: it draws the held-out architectures. */
  readonly runSeed: number;
  readonly heldOut: number;
  readonly seed: number;
  readonly budget: number;
  readonly batch: number;
  readonly history: readonly TrialBatch[];
  readonly port: MessagePort;
}

/** What a worker posts. `end` comes last, after every batch. */
export type SearchTrialMessage =
  | EmbeddingRequest
  | EvaluationRequest
  | { readonly kind: 'batch'; readonly batch: TrialBatch }
  | { readonly kind: 'end'; readonly end: TrialEnd };

/** Architectures to train; the outcomes come back in their order under the same number. */
export interface EvaluationRequest {
  readonly kind: 'evaluate';
  readonly evaluation: number;
  readonly archs: readonly string[];
}

export interface EvaluationReply {
  readonly evaluation: number;
  readonly outcomes: readonly Outcome[];
}

export type SearchTrialReply = EmbeddingReply | EvaluationReply;

/** Seed of a trial, from 1: a pure function of the seed of the run. */
export function trialSeed(runSeed: number, trial: number): number {
  return seedOf(runSeed, 'trial', trial);
}

/** Opens the table of a source. */
export function openSource(source: TableSource, space: Space<unknown>): Promise<Table> {
  return 'path' in source ? openTable(source.path, space) : openBenchmark(source.benchmark, space);
}

const tables = new Map<string, Promise<Table>>();
const vectors = new Map<string, Map<string, Float32Array>>();

export default answering(async (task: SearchTrialTask): Promise<void> => {
  const { port } = task;
  try {
    const end = await run(task, (message: SearchTrialMessage) => port.postMessage(message));
    port.postMessage({ kind: 'end', end } satisfies SearchTrialMessage);
  } finally {
    port.close();
  }
});

async function run(task: SearchTrialTask, post: (message: SearchTrialMessage) => void): Promise<TrialEnd> {
  const stopwatch = new Stopwatch();
  const whole = spaceOf(task.space);
  const { source } = task;
  const table =
    'command' in source
      ? undefined
      : await kept(tables, JSON.stringify([task.space, source]), () => openSource(source, spaceOf(task.space)));
  // Samples of a space too large to list would hardly ever meet a row.
  const space = table && !whole.enumerate ? rowsOf(whole, table.known(task.metrics[0])) : whole;
  let refit: RefitEvent | undefined;
  const strategy = createStrategy(task.settings, {
    space,
    seed: task.seed,
    stopwatch,
    ...(task.features && {
      features: featuresOf(task, space, stopwatch),
      surrogate: createSurrogate(task.surrogate),
      ...(table && { heldOut: heldOut(task, table, space) }),
      onRefit: (event: RefitEvent) => {
        refit = event;
      },
    }),
  });
  return runTrial({
    space,
    strategy,
    objective: table ? tableObjective(table, task.metrics) : portObjective(task),
    metric: task.metrics[0],
    budget: task.budget,
    batch: task.batch,
    history: task.history,
    stopwatch,
    takeRefit: () => {
      const taken = refit;
      refit = undefined;
      return taken;
    },
    onBatch: (batch) => post({ kind: 'batch', batch }),
  });
}

function featuresOf(task: SearchTrialTask, space: Space<unknown>, stopwatch: Stopwatch): FeatureSet<unknown> {
  const { spec, ...rest } = task.features!;
  const textEmbedder = task.embedder && timedEmbedder(task.embedder, task.port, stopwatch);
  return createFeatures(spec, { space, ...rest, ...(textEmbedder && { textEmbedder }) });
}

/** Time in the port is the language model's, but for the share that its answer says was tokenising. */
function timedEmbedder(
  embedder: NonNullable<SearchTrialTask['embedder']>,
  port: MessagePort,
  stopwatch: Stopwatch,
): TextEmbedder {
  const store = vectors.get(embedder.identity) ?? new Map<string, Float32Array>();
  vectors.set(embedder.identity, store);
  const client = new EmbeddingClient(embedder.dimension, port, store, (seconds) =>
    stopwatch.move('languageModel', 'tokenising', seconds),
  );
  return {
    dimension: embedder.dimension,
    embed: (texts) => stopwatch.measure('languageModel', () => client.embed(texts)),
  };
}

/** Evaluates by asking over the port. */
function portObjective({ port, metrics }: SearchTrialTask): Objective {
  const pending = new Map<number, (outcomes: readonly Outcome[]) => void>();
  let asked = 0;
  port.on('message', (reply: SearchTrialReply) => {
    if (!('evaluation' in reply)) return;
    pending.get(reply.evaluation)?.(reply.outcomes);
    pending.delete(reply.evaluation);
  });
  return {
    name: 'command',
    metrics,
    async evaluate(archs) {
      const evaluation = asked++;
      const outcomes = new Promise<readonly Outcome[]>((resolve) => pending.set(evaluation, resolve));
      port.postMessage({ kind: 'evaluate', evaluation, archs } satisfies SearchTrialMessage);
      return [...(await outcomes)];
    },
  };
}

/** The same architectures for every trial of a run and every method with the same seed. */
function heldOut(task: SearchTrialTask, table: Table, space: Space<unknown>): HeldOut<unknown> {
  const value = table.metric(task.metrics[0]);
  const drawn = stream(task.runSeed, 'held-out').shuffle(table.known(task.metrics[0])).slice(0, task.heldOut);
  return { archs: drawn.map((arch) => space.parse(arch)), values: drawn.map((arch) => value(arch)!) };
}

function kept<T>(store: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let value = store.get(key);
  if (!value) {
    value = make();
    store.set(key, value);
  }
  return value;
}
