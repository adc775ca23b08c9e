/** Several poolings from one run of the model, and what counts in them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { row, stream } from '#cole/base/index.js';
import {
  createEmbedder,
  createMultiEmbedder,
  type EmbedderOptions,
  type MultiEmbedderOptions,
  openModel,
  type Pooling,
} from '#cole/lm/index.js';
import { graphOf } from '#cole/lm/store/open.js';
import { distance, runnerOf } from './graphs.js';
import { tinyStore } from './tiny-store.js';

const home = tinyStore();

const rng = stream('texts');
const words = ['conv', 'pool', 'skip', 'relu', 'conv2d', '(3, 5)'];
const texts = Array.from({ length: 40 }, () => Array.from({ length: 1 + rng.int(6) }, () => rng.pick(words)).join(' '));
const poolings = ['mean', 'last_token', 'avg_avg', 'mid', 'multi_layer', 'layer:0', 'layer:1'] as const;

async function one(options: Partial<EmbedderOptions> & { model: string }, input: readonly string[] = texts) {
  const embedder = await createEmbedder({ cache: null, threads: 1, ...options });
  try {
    return { vectors: await embedder.embed(input), stats: { ...embedder.stats }, identity: embedder.identity };
  } finally {
    await embedder.close();
  }
}

async function several(
  options: Partial<MultiEmbedderOptions> & { model: string; poolings: readonly Pooling[] },
  input: readonly string[] = texts,
) {
  const embedder = await createMultiEmbedder({ cache: null, threads: 1, ...options });
  try {
    return { vectors: await embedder.embed(input), stats: { ...embedder.stats }, columns: embedder.columns };
  } finally {
    await embedder.close();
  }
}

describe.each(['bert', 'llama'])('several poolings of a small %s', (model) => {
  it('are the bits and identities of each alone, from one run', async () => {
    const { vectors, stats, columns } = await several({ model, poolings });
    expect(stats.embedded).toBe(new Set(texts).size);
    expect(columns.map(({ pooling }) => pooling)).toEqual(poolings);
    for (const [at, pooling] of poolings.entries()) {
      const alone = await one({ model, pooling });
      expect(vectors[at]).toEqual(alone.vectors);
      expect(columns[at]).toEqual({ pooling, identity: alone.identity, dimension: alone.vectors.cols });
    }
  });

  it('are cached each for itself: what one run knows, another with other poolings finds', async () => {
    const cache = join(home, `cache-${model}`);
    const distinct = new Set(texts).size;
    const half = texts.slice(0, 20);
    const known = new Set(half).size;
    const first = await one({ model, cache, pooling: 'mean' }, half);
    expect(readdirSync(cache)).toHaveLength(1);
    // Half of the texts is known for the mean, none for the other pooling.
    const both = await several({ model, cache, poolings: ['avg_avg', 'mean'] });
    expect(both.stats).toMatchObject({ embedded: distinct, cached: 0 });
    expect(both.vectors[1]!.data.subarray(0, first.vectors.data.length)).toEqual(first.vectors.data);
    expect(both.vectors).toEqual((await several({ model, poolings: ['avg_avg', 'mean'] })).vectors);
    for (const pooling of ['mean', 'avg_avg'] as const)
      expect((await one({ model, cache, pooling })).stats).toMatchObject({ embedded: 0, cached: distinct });
    expect((await several({ model, cache, poolings: ['mean', 'avg_avg'] })).stats.embedded).toBe(0);
    // The last token of half the texts is known, the means of all.
    await one({ model, cache, pooling: 'last_token' }, half);
    const rest = await several({ model, cache, poolings: ['mean', 'last_token'] });
    expect(rest.stats).toMatchObject({ embedded: distinct - known, cached: known });
    expect(rest.vectors).toEqual((await several({ model, poolings: ['mean', 'last_token'] })).vectors);
  });

  it('know avg_avg without the embedding layer apart, and nothing else', async () => {
    const cache = join(home, `layer-${model}`);
    await several({ model, cache, poolings: ['mean', 'avg_avg'] });
    const without = await several({ model, cache, poolings: ['mean', 'avg_avg'], embeddingLayer: false });
    expect(without.stats.cached).toBe(0);
    expect(readdirSync(cache)).toHaveLength(3);
    await expect(one({ model, pooling: 'mean', embeddingLayer: false })).rejects.toThrow(/avg_avg.*got mean/);
  });

  it('are refused where they are none, wrong or given twice', async () => {
    const refuse = (given: unknown, message: RegExp) =>
      expect(several({ model, poolings: given as Pooling[] })).rejects.toThrow(message);
    await refuse([], /at least one pooling, got \[\]/);
    await refuse(undefined, /at least one pooling/);
    await refuse('mean', /at least one pooling, got "mean"/);
    await refuse(['mean', 'avg_avg', 'mean'], /each pooling once, got mean twice/);
    await refuse(['mean', 'max'], /pooling of mean, .* got max/);
    await refuse(['layer:1', 'layer:01'], /got layer:01/);
    await refuse(['layer:1', 'layer:9'], /layer of 0 to 2 .* got layer:9/);
    await expect(createEmbedder({ model, poolings: ['mean'] } as never)).rejects.toThrow(/createMultiEmbedder/);
  });
});

describe('special tokens', () => {
  it('are read and do not count, where that is asked for', async () => {
    const opened = await openModel('bert');
    const { hidden } = opened.manifest.config;
    const runner = await runnerOf(
      opened.manifest.config,
      await graphOf(opened, { outputs: ['last_hidden_state'], embeddingLayer: true }),
    );
    const given = ['conv pool skip', 'conv', 'pool relu'];
    const ids = given.map((text) => [...opened.tokenizer.encode([text]).ids]);
    const states = (await runner.run(ids, 1000)).map((each) => each.last_hidden_state!);
    await runner.close();
    const options = { model: 'bert', poolings: ['mean', 'last_token'] } as const;
    for (const around of [0, 1]) {
      const { vectors } = await several({ ...options, specialTokens: around === 0 }, given);
      ids.forEach(({ length }, text) => {
        const tokens = Array.from({ length: length - 2 * around }, (_, t) =>
          states[text]!.subarray((t + around) * hidden, (t + around + 1) * hidden),
        );
        const mean = Array.from({ length: hidden }, (_, j) => tokens.reduce((s, t) => s + t[j]!, 0) / tokens.length);
        expect(distance(row(vectors[0]!, text), mean)).toBeLessThan(1e-6);
        expect(row(vectors[1]!, text)).toEqual(tokens.at(-1));
      });
    }
  });

  it('are known apart in the cache', async () => {
    const cache = join(home, 'special');
    await one({ model: 'bert', cache });
    expect((await one({ model: 'bert', cache, specialTokens: false })).stats.cached).toBe(0);
  });

  it('are refused to be left out where a tokenizer puts none, and where nothing else is there', async () => {
    await expect(one({ model: 'llama', specialTokens: false })).rejects.toThrow(/specialTokens true .* got false/);
    await expect(one({ model: 'bert', specialTokens: false }, ['conv', ''])).rejects.toMatchObject({
      code: 'ERR_LENGTH',
      message: 'expected at least one token that counts in text 1, got none: it is empty',
    });
    // Written in the text they are its own.
    const own = await one({ model: 'bert', specialTokens: false }, ['[CLS]', '[SEP]']);
    expect(row(own.vectors, 0)).not.toEqual(row(own.vectors, 1));
    expect((await one({ model: 'bert' }, [''])).stats.tokens).toBe(2);
  });
});
