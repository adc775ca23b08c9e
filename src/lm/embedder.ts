/** Texts to vectors: tokens, cache, batches of equal length, language model. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { ColeError, type Matrix, matrix, type OnProgress, pickNamed, resolveOptions, row } from '../base/index.js';
import { planBatches } from './batches.js';
import { EmbeddingCache, textKey } from './cache/cache.js';
import { families } from './families/config.js';
import { poolingWidth } from './families/poolings.js';
import { planPrefixBatches } from './prefixes.js';
import { ModelSession } from './session.js';
import { graphVersion } from './store/convert.js';
import { defaultCacheLimit, embeddingsFolder } from './store/folder.js';
import { graphOf, type OpenedModel, openModel } from './store/open.js';
import type { EncodedBatch } from './tokenizer/index.js';
import type { Embedder, EmbedderOptions, EmbedStats } from './types.js';

/** Values kept back before a cache segment is written: a killed run loses at most 32 MiB of vectors, or half a minute. */
const segmentValues = 2 ** 23;
const segmentSeconds = 30;
/** Batches handed to the thread of the model ahead of the one it runs, so that it never waits. */
const ahead = 2;
/** Tokens of a run where prefixes are shared, and elsewhere. The more texts, the more they share. */
const sharedBatchTokens = 2048;
const plainBatchTokens = 512;

/**
 * Opens model `options.model` of the store.
 *
 *     const embedder = await createEmbedder({ model: 'smollm2-135m' });
 *     const vectors = await embedder.embed(['nn.Conv2d(3, 16, 3)']);
 *     await embedder.close();
 *
 * Throws ERR_OPTION for an unknown name or option, ERR_MODEL where the model is not in the store.
 */
export async function createEmbedder(options: Partial<EmbedderOptions> & { model: string }): Promise<Embedder> {
  const defaults: EmbedderOptions = {
    model: options.model,
    pooling: 'avg_avg',
    maxTokens: 2048,
    onLong: 'error',
    embeddingLayer: true,
    batchTokens: null,
    threads: availableParallelism(),
    cache: embeddingsFolder(),
    cacheLimit: defaultCacheLimit(),
  };
  const resolved = resolveOptions('the embedder', defaults, options);
  pickNamed('onLong', { error: true, truncate: true }, resolved.onLong);
  for (const name of ['maxTokens', 'batchTokens', 'threads'] as const)
    if (resolved[name] !== null && (!Number.isSafeInteger(resolved[name]) || resolved[name] < 1))
      throw new ColeError('ERR_OPTION', `expected a whole number of at least 1 for ${name}, got ${resolved[name]}`);
  if (!(resolved.cacheLimit >= 0))
    throw new ColeError('ERR_OPTION', `expected a number of bytes for cacheLimit, got ${resolved.cacheLimit}`);
  const model = await openModel(resolved.model);
  const { pooling, embeddingLayer } = resolved;
  const graphPath = await graphOf(model, { outputs: [pooling], embeddingLayer });
  return new ModelEmbedder(model, graphPath, resolved);
}

class ModelEmbedder implements Embedder {
  readonly identity: string;
  readonly dimension: number;
  readonly warnings: string[] = [];
  readonly stats: EmbedStats = {
    texts: 0,
    embedded: 0,
    tokens: 0,
    computed: 0,
    cached: 0,
    truncated: 0,
    tokenizeSeconds: 0,
    modelSeconds: 0,
  };
  readonly #limit: number;
  readonly #session: ModelSession;
  readonly #cache: EmbeddingCache | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly model: OpenedModel,
    graphPath: string,
    private readonly options: EmbedderOptions,
  ) {
    const { manifest, weightsPath } = model;
    this.dimension = poolingWidth(options.pooling, manifest.config);
    this.#limit = Math.min(options.maxTokens, manifest.config.positions);
    this.identity = identityOf(model, options, this.#limit);
    this.#session = new ModelSession({
      graphPath,
      weightsPath,
      weightsSha256: manifest.weightsSha256,
      output: options.pooling,
      threads: options.threads,
    });
    if (options.cache !== null)
      this.#cache = new EmbeddingCache({
        root: options.cache,
        identity: this.identity,
        dimension: this.dimension,
        limit: options.cacheLimit,
        about: { model: options.model, pooling: options.pooling },
        onWarning: (message) => this.#warn(message),
      });
  }

  /** Calls are answered one after the other: what the first one embedded, the next one finds. */
  embed(texts: readonly string[], onProgress?: OnProgress): Promise<Matrix> {
    const result = this.#turn.then(() => this.#embed(texts, onProgress));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#session.close();
    await this.#cache?.close();
  }

  /** Whoever embeds for somebody else need not pass it on. */
  #warn(message: string): void {
    this.warnings.push(message);
    process.emitWarning(message, 'ColeWarning');
  }

  async #embed(texts: readonly string[], onProgress: OnProgress | undefined): Promise<Matrix> {
    await this.#cache?.refresh();
    const distinct = [...new Set(texts)];
    const rowOf = new Map(distinct.map((text, index) => [text, index]));
    const keys = distinct.map(textKey);
    const encoded = this.#tokenize(distinct, (index) => texts.indexOf(distinct[index]!));
    const vectors = matrix(distinct.length, this.dimension);
    const missing: number[] = [];
    keys.forEach((key, index) => {
      const known = this.#cache?.get(key);
      if (known) vectors.data.set(known, index * this.dimension);
      else missing.push(index);
    });
    this.stats.texts += texts.length;
    this.stats.cached += distinct.length - missing.length;
    await this.#run(encoded, keys, missing, vectors, onProgress);
    if (distinct.length === texts.length) return vectors;
    const out = matrix(texts.length, this.dimension);
    texts.forEach((text, index) => {
      out.data.set(row(vectors, rowOf.get(text)!), index * this.dimension);
    });
    return out;
  }

  /** Checks lengths; `place` gives a text's index in the caller's list. */
  #tokenize(texts: readonly string[], place: (index: number) => number): EncodedBatch {
    const start = performance.now();
    const encoded = this.model.tokenizer.encode(texts, { threads: this.options.threads });
    this.stats.tokenizeSeconds += (performance.now() - start) / 1000;
    for (let i = 0; i < texts.length; i++) {
      const tokens = encoded.offsets[i + 1]! - encoded.offsets[i]!;
      if (tokens === 0)
        throw new ColeError('ERR_LENGTH', `expected at least one token in text ${place(i)}, got none: it is empty`);
      if (tokens <= this.#limit) continue;
      if (this.options.onLong === 'error')
        throw new ColeError('ERR_LENGTH', `expected at most ${this.#limit} tokens in text ${place(i)}, got ${tokens}`);
      this.stats.truncated++;
    }
    return encoded;
  }

  /** Fills the rows of `missing` and adds them to the cache as they come. */
  async #run(
    encoded: EncodedBatch,
    keys: readonly string[],
    missing: readonly number[],
    vectors: Matrix,
    onProgress: OnProgress | undefined,
  ): Promise<void> {
    if (missing.length === 0) return;
    const wanted = selected(encoded, missing);
    const lengths = missing.map((_, at) => Math.min(this.#limit, wanted.offsets[at + 1]! - wanted.offsets[at]!));
    const total = lengths.reduce((a, b) => a + b, 0);
    const { sharesPrefixes } = families[this.model.manifest.config.family]!;
    const plan = sharesPrefixes ? planPrefixBatches : planBatches;
    const limit = this.options.batchTokens ?? (sharesPrefixes ? sharedBatchTokens : plainBatchTokens);
    const start = performance.now();
    let done = 0;
    let fresh: number[] = [];
    let flushed = start;
    const flush = async () => {
      const taken = fresh;
      fresh = [];
      flushed = performance.now();
      const rows = matrix(taken.length, this.dimension);
      taken.forEach((index, at) => {
        rows.data.set(row(vectors, index), at * this.dimension);
      });
      await this.#cache?.add(
        taken.map((index) => keys[index]!),
        rows,
      );
    };
    const queue = plan(wanted, lengths, limit).reverse();
    const lane = async () => {
      for (let batch = queue.pop(); batch; batch = queue.pop()) {
        const { tokens, texts, computed } = batch;
        const data = await this.#session.run(batch.feeds());
        const indices = texts.map((text) => missing[text]!);
        indices.forEach((index, at) => {
          vectors.data.set(
            checked(data.subarray(at * this.dimension, (at + 1) * this.dimension)),
            index * this.dimension,
          );
        });
        fresh.push(...indices);
        done += tokens;
        this.stats.embedded += texts.length;
        this.stats.tokens += tokens;
        this.stats.computed += computed;
        onProgress?.({ stage: 'embed', done, total, unit: 'tokens' });
        const seconds = (performance.now() - flushed) / 1000;
        if (seconds > segmentSeconds || fresh.length * this.dimension > segmentValues) await flush();
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
}

/** The texts of `encoded` at `indices`. */
function selected({ ids, offsets }: EncodedBatch, indices: readonly number[]): EncodedBatch {
  const parts = indices.map((index) => ids.subarray(offsets[index], offsets[index + 1]));
  const ends = new Int32Array(parts.length + 1);
  parts.forEach((part, at) => {
    ends[at + 1] = ends[at]! + part.length;
  });
  const out = new Int32Array(ends.at(-1)!);
  parts.forEach((part, at) => {
    out.set(part, ends[at]);
  });
  return { ids: out, offsets: ends };
}

function checked(vector: Float32Array): Float32Array {
  const wrong = vector.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new ColeError(
      'ERR_MODEL',
      `expected finite values from the language model, got ${vector[wrong]} at ${wrong}`,
    );
  return vector;
}

/** All that decides a vector but the text. A limit that only refuses texts changes none. */
function identityOf(
  { manifest, tokenizer }: OpenedModel,
  { pooling, embeddingLayer, onLong }: EmbedderOptions,
  limit: number,
): string {
  const parts = {
    graph: graphVersion,
    weights: manifest.weightsSha256,
    config: manifest.config,
    tokenizer: tokenizer.identity,
    specialTokens: true,
    pooling,
    // Absent where it is counted, as it always was: vectors that are there stay known.
    ...(!embeddingLayer && { embeddingLayer }),
    precision: 'float32',
    truncatedTo: onLong === 'truncate' ? limit : null,
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
