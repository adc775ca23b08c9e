/**
 * Runs a screen: chunks go to pool workers, one at a time each, so that as much is under way as there are workers. A chunk
 * that is done is a line in the journal, which this thread alone writes; of one that takes long its worker keeps the scores
 * as they come (`part.ts`), so that a kill loses little of it. The result is the same for any number of workers and for a run
 * that was cut off, since a chunk depends on its number alone.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ColeError, interruptedBy, type OnProgress, packageFile, stream } from '../base/index.js';
import { needsEmbedder, type Scaling } from '../features/index.js';
import { createEmbedder } from '../lm/index.js';
import { space as spaceOf } from '../spaces/index.js';
import {
  codeHash,
  extendDirectory,
  Journal,
  lockDirectory,
  makeManifest,
  readManifest,
  requireSameRun,
  startDirectory,
} from '../study/index.js';
import { coreBudget, openSource, WorkerPool } from '../workers/index.js';
import type { ChunkResult, ChunkTask } from './chunk.js';
import { type ScreenEntry, screenEntries } from './journal.js';
import { modelIdentity, requireMadeAlike } from './kinds.js';
import { planScreen, type ScreenInput, type ScreenOptions, type ScreenPlan } from './options.js';
import { partPath, removeParts } from './part.js';
import { dealFolds, heldOutScores, recallCurve, recallShares } from './recall.js';
import {
  noTotals,
  plus,
  readSummary,
  type ScreenSummary,
  type ScreenTotals,
  slowestStage,
  writeResults,
} from './results.js';
import { itemOf, type ScorerSetup } from './scorer.js';
import { shareInTime } from './share.js';
import { chunkCount, chunkSources, kindOfInput, ownRows } from './sources.js';
import { TopRows } from './top.js';

/** What a screen may be extended in. */
const lengths = ['count'];

export interface RunScreenHooks {
  readonly onProgress?: OnProgress;
  /** Aborting ends the screen after the chunks that are done, with ERR_INTERRUPTED; the same call goes on from there. */
  readonly signal?: AbortSignal;
  /** Command line for the manifest. */
  readonly command?: string;
}

/**
 * Runs, resumes or, where it is finished, only reads the screen in `options.out`. The directory holds manifest.json,
 * journal.jsonl and, at the end, top.arrow and summary.json.
 *
 * @example
 * const benchmark = 'einspace-digits';
 * await runScreen({ count: 100_000, benchmark, space: benchmarkSpace(benchmark), metric: 'val_accuracy', out: 'screen' });
 */
export async function runScreen(options: ScreenOptions, hooks: RunScreenHooks = {}): Promise<ScreenSummary> {
  const { input } = options;
  const plan = planScreen(options, input && (await kindOfInput(input)));
  if (input) await requireMadeAlike(plan, input);
  const space = spaceOf(plan.space);
  // Limits that nothing passes are refused now, not when heads have been fitted.
  if (plan.count !== null) space.sample(stream('screen limits', plan.seed));
  const table = await openSource(plan.source, space);
  const value = table.metric(plan.metric);
  const archs = table.archs.filter((arch) => value(arch) !== undefined);
  const values = Float64Array.from(archs, (arch) => value(arch)!);
  if (archs.length < 2)
    throw new ColeError(
      'ERR_INPUT',
      `expected two or more architectures with a ${plan.metric} in table ${table.name}, got ${archs.length}`,
    );
  const unlock = await lockDirectory(options.out);
  try {
    const compared = { ...plan, source: 'path' in plan.source ? 'file' : plan.source };
    const found = readManifest(options.out);
    // What is over is read without the model.
    const isOver = found !== undefined && !options.extend && readSummary(options.out) !== undefined;
    const model = isOver ? undefined : await modelIdentity(plan);
    const hashes = { table: table.hash, ...(model !== undefined && { model }) };
    const command = hooks.command ?? 'runScreen';
    if (found) {
      requireSameRun(options.out, found, compared, hashes, { lengths, extend: options.extend });
      await extendDirectory(options.out, found, compared, lengths, command);
    } else await startDirectory(options.out, makeManifest(command, compared, { ...hashes, code: codeHash() }));
    const finished = readSummary(options.out);
    if (finished) return finished;
    return await new Screen(plan, options, hooks, { archs, values }).run(table.name);
  } finally {
    await unlock();
  }
}

class Screen {
  readonly #plan: ScreenPlan;
  readonly #options: ScreenOptions;
  readonly #hooks: RunScreenHooks;
  readonly #train: ScorerSetup['train'];
  readonly #journal: Journal<ScreenEntry>;
  readonly #top: TopRows;
  /** The best of whole chunks. */
  readonly #bar: TopRows;
  #totals: ScreenTotals = noTotals;
  /** Shared with the workers, see `ScorerSetup`. */
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));

  constructor(plan: ScreenPlan, options: ScreenOptions, hooks: RunScreenHooks, train: ScorerSetup['train']) {
    this.#plan = plan;
    this.#options = options;
    this.#hooks = hooks;
    this.#train = train;
    this.#journal = new Journal<ScreenEntry>(join(options.out, 'journal.jsonl'), screenEntries);
    this.#top = new TopRows(plan.top);
    this.#bar = new TopRows(plan.top);
  }

  async run(table: string): Promise<ScreenSummary> {
    const onAbort = () => this.#stopAll();
    this.#hooks.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.#journal.append({ type: 'start', code: codeHash() });
      const setup = await this.#setup();
      const recall = await this.#recall(setup);
      const share = await this.#share(setup);
      await this.#chunks(setup, share);
      const { space, metric, features, first, shard } = this.#plan;
      const summary: ScreenSummary = { space, table, metric, features, first, share, recall, shard, ...this.#totals };
      await writeResults(this.#options.out, summary, this.#top);
      return summary;
    } catch (error) {
      this.#interrupted();
      throw error;
    } finally {
      this.#hooks.signal?.removeEventListener('abort', onAbort);
      this.#journal.close();
    }
  }

  /** What every worker makes the same scorer of; the embeddings of known architectures are made once, here. */
  async #setup(): Promise<ScorerSetup> {
    const { space, style, first, features: full, reading, scaling, seed } = this.#plan;
    const { addonThreads, languageModelThreads } = this.#cores();
    const heads = { first, full, scaling: scaling as Scaling, seed, stop: this.#stop };
    const common = { space, style, reading, ...heads };
    const train = this.#train;
    if (!needsEmbedder(full)) return { ...common, train, vectors: null, threads: addonThreads };
    const embedder = await createEmbedder({ ...reading, threads: languageModelThreads });
    try {
      const chosen = spaceOf(space);
      const texts = train.archs.map((arch) => itemOf(chosen, style, chosen.parse(arch)).text);
      const { data } = await embedder.embed(texts, (event) => {
        this.#hooks.onProgress?.(event);
        this.#interrupted();
      });
      const vectors = new Float32Array(new SharedArrayBuffer(data.byteLength));
      vectors.set(data);
      return { ...common, train, vectors, threads: addonThreads };
    } finally {
      await embedder.close();
    }
  }

  #cores() {
    const { workers, threads } = this.#options;
    const own = chunkCount(this.#plan);
    return coreBudget({ tasks: own === undefined ? 1024 : Math.ceil(own / this.#plan.shard.of), workers, threads });
  }

  async #recall(setup: ScorerSetup): Promise<ScreenSummary['recall']> {
    const known = this.#journal.entries.find((entry) => entry.type === 'recall');
    if (known) return { first: known.first, full: known.full };
    if (setup.first === null) return null;
    const { values } = this.#train;
    const fold = dealFolds(values.length, this.#plan.seed);
    const curve = async (spec: string) =>
      recallCurve(values, await heldOutScores(setup, spec, fold), fold, recallShares);
    const recall = { first: await curve(setup.first), full: await curve(setup.full) };
    this.#journal.append({ type: 'recall', ...recall });
    return recall;
  }

  async #share(setup: ScorerSetup): Promise<number> {
    const { full } = this.#plan;
    if ('share' in full) return full.share;
    const known = this.#journal.entries.find((entry) => entry.type === 'share');
    if (known) return known.share;
    const found = await shareInTime(this.#plan, setup, full.seconds, this.#cores().workers, this.#options.input);
    this.#journal.append({ type: 'share', ...found });
    return found.share;
  }

  async #chunks(setup: ScorerSetup, share: number): Promise<void> {
    const done = new Set<number>();
    for (const entry of this.#journal.entries)
      if (entry.type === 'chunk' && !done.has(entry.index) && this.#isWhole(entry)) this.#take(entry, done);
    const { workers } = this.#cores();
    const pool = new WorkerPool<ChunkTask & { key: string }, ChunkResult>(
      packageFile('dist', 'workers', 'screen-chunk.js'),
      workers,
    );
    const key = randomBytes(8).toString('hex');
    const sources = this.#missing(done);
    // Every lane fetches its next chunk when it is through with the last one: nothing is read ahead of the workers.
    const lane = async () => {
      for (;;) {
        const { value: next, done: end } = await sources.next();
        if (end) return;
        this.#interrupted();
        const part = partPath(this.#options.out, next.index);
        const task = { setup, share, top: this.#plan.top, part, key, ...next };
        const result = await pool.run(task, { isRepeatable: true });
        // The journal has what may matter: most rows of a late chunk are behind the best of those before it.
        const kept = { ...result, top: this.#bar.hopeful(result.top) };
        this.#journal.append({ type: 'chunk', ...kept });
        rmSync(part, { force: true });
        this.#take(kept, done);
        this.#report();
      }
    };
    const lanes = Array.from({ length: workers }, () =>
      lane().catch((error) => {
        this.#stopAll();
        throw error;
      }),
    );
    try {
      await Promise.all(lanes);
      removeParts(this.#options.out);
    } finally {
      // No worker is ended in the middle of something.
      await Promise.allSettled(lanes);
      await pool.close();
    }
  }

  #stopAll(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  /** Chunks of this shard that are not done; an async generator answers one call at a time. */
  async *#missing(done: ReadonlySet<number>): AsyncGenerator<Pick<ChunkTask, 'index' | 'source'>, undefined> {
    const input: ScreenInput | undefined = this.#options.input;
    const { index: own, of } = this.#plan.shard;
    let index = 0;
    for await (const source of chunkSources(this.#plan, input)) {
      if (index % of === own - 1 && !done.has(index)) yield { index, source };
      index++;
    }
    return undefined;
  }

  /** The last chunk of a screen that was extended since is to be done again: more is drawn for it. */
  #isWhole({ index, taken }: ChunkResult): boolean {
    const { count, chunk } = this.#plan;
    return count === null || taken === Math.min(chunk, count - index * chunk);
  }

  #take(result: ChunkResult, done: Set<number>): void {
    done.add(result.index);
    this.#totals = plus(this.#totals, result);
    this.#top.add(result.top);
    // A chunk that may be done again cannot rule out rows of others: it might come to other ones.
    if (result.taken === this.#plan.chunk) this.#bar.add(result.top);
  }

  #interrupted(): void {
    interruptedBy(this.#hooks.signal, 'the screen was interrupted');
  }

  #report(): void {
    const { stage, share } = slowestStage(this.#totals);
    const best = this.#top.rows.slice(0, 5).map(({ score }) => score.toPrecision(4));
    const total = ownRows(this.#plan, this.#options.input?.total);
    this.#hooks.onProgress?.({
      stage: 'screen',
      done: this.#totals.taken,
      ...(total !== undefined && { total }),
      unit: 'networks',
      note: `${Math.round(100 * share)} % of the work is ${stage}, top 5: ${best.join(' ')}`,
    });
  }
}
