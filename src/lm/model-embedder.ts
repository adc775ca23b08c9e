/**
 * Texts to vectors of one or several poolings: tokens, caches, batches of windows, language model. A text is run where any of
 * its vectors is unknown; each vector is cached under its pooling alone, so runs with other poolings find it.
 */
import { availableCores, type Matrix, matrix, type OnProgress, row } from '../base/index.js';
import { planBatches } from './batches.js';
import { EmbeddingCache, textKey } from './cache/cache.js';
import { families } from './families/config.js';
import { poolingWidth } from './families/poolings.js';
import { identityOf } from './identity.js';
import { WindowJoiner } from './joining.js';
import { type EmbedPlan, makePlan, type PlannedCall } from './plan.js';
import { planPrefixBatches } from './prefixes.js';
import { ModelSession } from './session.js';
import type { OpenedModel } from './store/open.js';
import type { EncodedBatch } from './tokenizer/index.js';
import { isTokens, type Texts } from './tokens.js';
import type { EmbeddingColumn, EmbedStats, MultiEmbedder, MultiEmbedderOptions } from './types.js';
import { TextReader } from './windows.js';
import { checked, idsAt, keysOf, spread, type Work } from './work.js';

/** Values kept back before a cache segment is written: a killed run loses at most 32 MiB of vectors, or half a minute. */
const segmentValues = 2 ** 23;
const segmentSeconds = 30;
/** Batches handed to the thread of the model ahead of the one it runs, so that it never waits. */
const ahead = 2;
/** Tokens of a run where prefixes are shared, and elsewhere. The more texts, the more they share. */
const sharedBatchTokens = 2048;
const plainBatchTokens = 512;

export class ModelEmbedder implements MultiEmbedder {
  readonly columns: readonly EmbeddingColumn[];
  readonly warnings: string[] = [];
  readonly sharesBeginnings: boolean;
  readonly stats: EmbedStats = {
    texts: 0,
    embedded: 0,
    tokens: 0,
    computed: 0,
    cached: 0,
    truncated: 0,
    chunked: 0,
    windows: 0,
    tokenizeSeconds: 0,
    modelSeconds: 0,
  };
  readonly #limit: number;
  readonly #session: ModelSession;
  readonly #openSession: (threads: number) => ModelSession;
  readonly #reader: TextReader;
  /** Of each column; none where there is no cache. */
  readonly #caches: readonly EmbeddingCache[];
  /** Keys of the texts over the limit so far. */
  readonly #long = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    model: OpenedModel,
    graphPath: string,
    private readonly options: MultiEmbedderOptions,
  ) {
    const { manifest, files } = model;
    const { poolings, cache, threads, maxTokens } = options;
    this.sharesBeginnings = families[manifest.config.family]!.sharesPrefixes;
    this.#limit = Math.min(maxTokens, manifest.config.positions);
    this.#reader = new TextReader(model.tokenizer, this.#limit, options);
    const identities = poolings.map((pooling) => identityOf(model, pooling, options, this.#limit));
    this.columns = poolings.map((pooling, at) => ({
      pooling,
      identity: identities[at]!.whole,
      dimension: poolingWidth(pooling, manifest.config),
    }));
    this.#caches =
      cache === null
        ? []
        : this.columns.map(
            ({ pooling, dimension }, at) =>
              new EmbeddingCache({
                root: cache,
                identity: identities[at]!.fitting,
                dimension,
                limit: options.cacheLimit,
                about: { model: options.model, pooling, precision: options.precision },
                onWarning: (message) => this.#warn(message),
              }),
          );
    this.#openSession = (threads) => new ModelSession({ graphPath, files, outputs: poolings, threads });
    this.#session = this.#openSession(threads);
  }

  /** Calls are answered one after the other: what the first one embedded, the next one finds. */
  embed(
    texts: Texts,
    onProgress?: OnProgress,
    nameOf = (index: number) => `text ${index}`,
  ): Promise<readonly Matrix[]> {
    return this.#inTurn(() => this.#embed(texts, onProgress, nameOf));
  }

  measure(texts: Texts, nameOf = (index: number) => `text ${index}`): { tokens: number; long: number } {
    const { ids, long } = this.#reader.read(texts, nameOf);
    return { tokens: ids.length, long: long.length };
  }

  plan(texts: readonly string[], together = texts.length, nameOf = (index: number) => `text ${index}`) {
    return this.#inTurn(() => this.#plan(texts, together, nameOf));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#session.close();
    for (const cache of this.#caches) await cache.close();
  }

  /** Whoever embeds for somebody else need not pass it on. */
  #warn(message: string): void {
    this.warnings.push(message);
    process.emitWarning(message, 'ColeWarning');
  }

  async #embed(
    texts: Texts,
    onProgress: OnProgress | undefined,
    nameOf: (index: number) => string,
  ): Promise<readonly Matrix[]> {
    const work = isTokens(texts) ? this.#prepareTokens(texts, nameOf) : await this.#prepare(texts, nameOf);
    const { read, rows, missing } = work;
    for (const index of read.long) this.#long.add(work.keys[index] ?? textKey(`${idsAt(read, index)}`));
    this.stats[this.options.onLong === 'truncate' ? 'truncated' : 'chunked'] = this.#long.size;
    this.stats.windows += read.windows;
    this.stats.texts += isTokens(texts) ? rows[0]!.rows : texts.length;
    this.stats.cached += rows[0]!.rows - missing.length;
    await this.#run(work, onProgress);
    const isSpread = isTokens(texts) || work.texts.length === texts.length;
    return isSpread ? rows : rows.map((each) => spread(each, work.texts, texts));
  }

  #plan(texts: readonly string[], together: number, nameOf: (index: number) => string): Promise<EmbedPlan> {
    const prepare = (part: readonly string[]) => this.#prepare(part, (at) => nameOf(texts.indexOf(part[at]!)));
    const batches = (work: Work) => this.#batches(work).batches;
    const calls = async function* (): AsyncGenerator<PlannedCall> {
      const distinct = [...new Set(texts)];
      for (let from = 0; from < distinct.length; from += together) {
        const work = await prepare(distinct.slice(from, from + together));
        const cached = work.texts.length - work.missing.length;
        yield { cached, batches: cached === work.texts.length ? [] : batches(work) };
      }
    };
    const { threads } = this.options;
    const tried = [...new Set([threads, Math.max(1, threads >> 1), availableCores()])];
    const values = this.columns.reduce((sum, { dimension }) => sum + dimension, 0);
    return makePlan(texts, calls(), tried, this.#openSession, 4 * values * texts.length);
  }

  /** The model reads every one of them: it is cheaper than to find out which text they were. */
  #prepareTokens(tokens: EncodedBatch, placeOf: (index: number) => string): Work {
    const read = this.#reader.read(tokens, placeOf);
    const count = tokens.offsets.length - 1;
    return {
      texts: [],
      keys: [],
      read,
      missing: Array.from({ length: count }, (_, text) => text),
      rows: this.columns.map(({ dimension }) => matrix(count, dimension)),
      isKnown: this.columns.map(() => new Uint8Array(count)),
      placeOf,
    };
  }

  async #prepare(texts: readonly string[], nameOf: (index: number) => string): Promise<Work> {
    for (const cache of this.#caches) await cache.refresh();
    const distinct = [...new Set(texts)];
    const placeOf = (index: number) => nameOf(texts.indexOf(distinct[index]!));
    const start = performance.now();
    const read = this.#reader.read(distinct, placeOf);
    this.stats.tokenizeSeconds += (performance.now() - start) / 1000;
    const keys = keysOf(distinct, read.long, this.options.onLong, this.#limit);
    const rows = this.columns.map(({ dimension }) => matrix(distinct.length, dimension));
    const missing: number[] = [];
    const isKnown = this.columns.map(() => new Uint8Array(distinct.length));
    keys.forEach((key, index) => {
      this.#caches.forEach((cache, column) => {
        const vector = cache.get(key);
        if (!vector) return;
        rows[column]!.data.set(vector, index * vector.length);
        isKnown[column]![index] = 1;
      });
      if (isKnown.some((known) => known[index] === 0)) missing.push(index);
    });
    return { texts: distinct, read, keys, missing, rows, isKnown, placeOf };
  }

  /** What the model has to read for the texts that lack a vector. */
  #batches({ missing, texts, read, placeOf }: Work) {
    const start = performance.now();
    const windows = this.#reader.windows(texts, read, missing, placeOf);
    this.stats.tokenizeSeconds += (performance.now() - start) / 1000;
    const plan = this.sharesBeginnings ? planPrefixBatches : planBatches;
    const limit = this.options.batchTokens ?? (this.sharesBeginnings ? sharedBatchTokens : plainBatchTokens);
    return { windows, batches: plan(windows, limit) };
  }

  /** Fills the rows of the texts that lack a vector and adds what is new to the caches as it comes. */
  async #run(work: Work, onProgress: OnProgress | undefined): Promise<void> {
    const { missing, rows, isKnown } = work;
    if (missing.length === 0) return;
    const { windows, batches } = this.#batches(work);
    const total = windows.ids.length;
    const joiner = new WindowJoiner(
      windows,
      this.columns.map(({ pooling }) => pooling),
    );
    const width = this.columns.reduce((sum, { dimension }) => sum + dimension, 0);
    const start = performance.now();
    let done = 0;
    let fresh: number[] = [];
    let flushed = start;
    const flush = async () => {
      const taken = fresh;
      fresh = [];
      flushed = performance.now();
      await this.#keep(work, taken);
    };
    const queue = batches.reverse();
    const lane = async () => {
      for (let batch = queue.pop(); batch; batch = queue.pop()) {
        const outputs = await this.#session.run(batch.feeds());
        batch.texts.forEach((window, at) => {
          const vectors = outputs.map((data, column) => {
            const { dimension } = this.columns[column]!;
            return checked(data.subarray(at * dimension, (at + 1) * dimension));
          });
          const whole = joiner.add(window, vectors);
          if (!whole) return;
          const index = missing[whole.text]!;
          whole.vectors.forEach((vector, column) => {
            if (!isKnown[column]![index]) rows[column]!.data.set(vector, index * vector.length);
          });
          fresh.push(index);
        });
        done += batch.tokens;
        this.stats.tokens += batch.tokens;
        this.stats.computed += batch.computed;
        onProgress?.({ stage: 'embed', done, total, unit: 'tokens' });
        const seconds = (performance.now() - flushed) / 1000;
        if (seconds > segmentSeconds || fresh.length * width > segmentValues) await flush();
      }
    };
    const stopOthers = (error: unknown) => {
      queue.length = 0;
      throw error;
    };
    // No lane is left running behind an error; what was embedded before it is kept.
    const ends = await Promise.allSettled(Array.from({ length: ahead }, () => lane().catch(stopOthers)));
    this.stats.modelSeconds += (performance.now() - start) / 1000;
    await flush();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Adds the vectors of `indices` that a cache lacks to it. */
  async #keep({ keys, rows, isKnown }: Work, indices: readonly number[]): Promise<void> {
    this.stats.embedded += indices.length;
    if (keys.length === 0) return;
    for (const [column, cache] of this.#caches.entries()) {
      const lacking = indices.filter((index) => !isKnown[column]![index]);
      const added = matrix(lacking.length, this.columns[column]!.dimension);
      lacking.forEach((index, at) => {
        added.data.set(row(rows[column]!, index), at * added.cols);
      });
      await cache.add(
        lacking.map((index) => keys[index]!),
        added,
      );
    }
  }
}
