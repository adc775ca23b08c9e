import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile, row, stream } from '#cole/base/index.js';
import { createEmbedder, type EmbedderOptions, openModel, tokenizerOf } from '#cole/lm/index.js';
import { tinyStore } from './tiny-store.js';

const home = tinyStore();

const words = ['conv', 'pool', 'skip', 'relu', 'conv2d', '(3, 5)'];
const rng = stream('texts');
const texts = Array.from({ length: 60 }, () => Array.from({ length: 1 + rng.int(8) }, () => rng.pick(words)).join(' '));

async function embed(options: Partial<EmbedderOptions> & { model: string }, input: readonly string[] = texts) {
  const embedder = await createEmbedder({ cache: null, threads: 1, ...options });
  try {
    return { vectors: await embedder.embed(input), stats: { ...embedder.stats }, warnings: embedder.warnings };
  } finally {
    await embedder.close();
  }
}

describe.each(['bert', 'llama'])('embedder of a small %s', (model) => {
  it('gives a text the same bits in any company, order and number of threads', async () => {
    for (const pooling of ['mean', 'last_token', 'avg_avg'] as const) {
      const { vectors } = await embed({ model, pooling });
      const order = stream('order').shuffle(texts.map((_, index) => index));
      for (const [batchTokens, threads] of [
        [1, 1],
        [64, 2],
        [10_000, 3],
      ] as const) {
        const other = await embed(
          { model, pooling, batchTokens, threads },
          order.map((index) => texts[index]!),
        );
        order.forEach((index, at) => {
          expect(row(other.vectors, at)).toEqual(row(vectors, index));
        });
      }
    }
  });

  it('reads each distinct text once and finds it in the cache the next time', async () => {
    const cache = join(home, `cache-${model}`);
    const first = await embed({ model, cache });
    const distinct = new Set(texts).size;
    expect(first.stats).toMatchObject({ texts: 60, embedded: distinct, cached: 0 });
    const second = await embed({ model, cache, threads: 2, batchTokens: 7, maxTokens: 60 });
    expect(second.stats).toMatchObject({ texts: 60, embedded: 0, tokens: 0, cached: distinct });
    expect(second.vectors).toEqual(first.vectors);
    const other = await embed({ model, cache, pooling: 'mean' });
    expect(other.stats.cached).toBe(0);
  });

  it('refuses or cuts long texts, and says which', async () => {
    const long = 'conv '.repeat(80);
    const tokenizer = await tokenizerOf(model);
    const { ids } = tokenizer.encode([long]);
    const given = ['conv', 'conv', long];
    await expect(embed({ model }, given)).rejects.toMatchObject({
      code: 'ERR_LENGTH',
      message: `expected at most 64 tokens in text 2, got ${ids.length}`,
    });
    await expect(embed({ model, maxTokens: 1 }, ['conv pool'])).rejects.toThrow(/at most 1 tokens in text 0/);
    const { vectors, stats } = await embed({ model, onLong: 'truncate', maxTokens: 20 }, given);
    expect(stats).toMatchObject({ truncated: 1, embedded: 2 });
    expect(row(vectors, 0)).toEqual(row(vectors, 1));
    expect(row(vectors, 2)).not.toEqual(row(vectors, 0));
  });
});

describe('embedder', () => {
  it.each(['llama', 'bert'])(
    'of a small %s pools single layers, several, and all without the embedding layer',
    async (model) => {
      const { layers } = (await openModel(model)).manifest.config;
      const pooled = async (options: Partial<EmbedderOptions>) => (await embed({ model, ...options })).vectors;
      const each = [];
      for (let layer = 0; layer <= layers; layer++) each.push(await pooled({ pooling: `layer:${layer}` }));
      expect((await pooled({ pooling: 'mean' })).data).toEqual(each[layers]!.data);
      const last = await pooled({ pooling: 'multi_layer' });
      expect(last.cols % each[0]!.cols).toBe(0);
      expect(row(last, 3).slice(-each[0]!.cols)).toEqual(row(each[layers]!, 3));
      for (const embeddingLayer of [true, false]) {
        const used = embeddingLayer ? each : each.slice(1);
        const average = await pooled({ pooling: 'avg_avg', embeddingLayer });
        average.data.forEach((value, i) => {
          expect(value).toBeCloseTo(used.reduce((sum, { data }) => sum + data[i]!, 0) / used.length, 4);
        });
      }
      await expect(embed({ model, pooling: `layer:${layers + 1}` })).rejects.toThrow(/a layer of 0 to/);
    },
  );

  it('leaves the event loop free and reports its progress', async () => {
    const embedder = await createEmbedder({ model: 'llama', cache: null, threads: 1, batchTokens: 40 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const events: number[] = [];
    await embedder.embed(texts, ({ done, total, unit }) => {
      expect(unit).toBe('tokens');
      events.push(done / total!);
    });
    clearInterval(timer);
    await embedder.close();
    expect(ticks).toBeGreaterThan(3);
    expect(events.length).toBeGreaterThan(5);
    expect(events).toEqual([...events].sort((a, b) => a - b));
    expect(events.at(-1)).toBe(1);
  });

  it('answers calls that overlap, and none after it is closed', async () => {
    const embedder = await createEmbedder({ model: 'llama', cache: null, threads: 1 });
    const [a, b] = await Promise.all([embedder.embed(texts), embedder.embed(texts.slice(0, 5))]);
    expect(b!.data).toEqual(a!.data.subarray(0, b!.data.length));
    expect((await embedder.embed([])).rows).toBe(0);
    await embedder.close();
    await expect(embedder.embed(texts)).rejects.toThrow(/closed/);
  });

  it('checks its options and texts', async () => {
    await expect(createEmbedder({ model: 'llama', pool: 'mean' } as never)).rejects.toMatchObject({
      code: 'ERR_OPTION',
    });
    await expect(createEmbedder({ model: 'llama', pooling: 'max' as never })).rejects.toThrow(
      /mean, last_token, avg_avg/,
    );
    await expect(createEmbedder({ model: 'llama', batchTokens: 0 })).rejects.toThrow(/batchTokens/);
    await expect(createEmbedder({ model: 'lama' })).rejects.toThrow(/did you mean llama/);
    await expect(embed({ model: 'llama' }, ['conv', ''])).rejects.toThrow(/text 1, got none: it is empty/);
  });

  it.each(['exits', 'throws', 'ends'])('lets a process go that %s without closing it', async (how) => {
    const script = `
      import { createEmbedder } from ${JSON.stringify(packageFile('dist', 'lm', 'index.js'))};
      const embedder = await createEmbedder({ model: 'llama', cache: null, threads: 2, batchTokens: 1 });
      await embedder.embed(['conv']);
      if ('${how}' !== 'ends') {
        embedder.embed(Array.from({ length: 2000 }, (_, i) => 'conv pool relu skip ' + i));
        setTimeout(() => {
          if ('${how}' === 'throws') throw new Error('thrown on purpose');
          process.exit(7);
        }, 50);
      }`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(child.stderr).toMatch(how === 'throws' ? /thrown on purpose/ : /^$/);
    expect(child.signal).toBe(null);
    expect(child.status).toBe({ exits: 7, throws: 1, ends: 0 }[how]);
  });

  it('ignores a damaged file of the cache, says so and embeds its texts again', async () => {
    const cache = join(home, 'damaged');
    const first = await embed({ model: 'bert', cache });
    const folder = join(cache, readdirSync(cache)[0]!);
    const path = join(folder, readdirSync(folder)[0]!);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 4;
    writeFileSync(path, bytes);
    const second = await embed({ model: 'bert', cache });
    expect(second.warnings).toEqual([expect.stringContaining(path)]);
    expect(second.stats.cached).toBe(0);
    expect(second.vectors).toEqual(first.vectors);
    const third = await embed({ model: 'bert', cache });
    expect(third.stats.embedded).toBe(0);
    expect(third.warnings).toEqual([]);
  });

  it('shares the cache with others that are open at the same time', async () => {
    const cache = join(home, 'shared');
    const open = () => createEmbedder({ model: 'bert', cache, threads: 1 });
    const [a, b] = [await open(), await open()];
    await a!.embed(texts.slice(0, 30));
    await b!.embed(texts);
    await a!.embed(texts);
    const known = new Set(texts.slice(0, 30)).size;
    expect(b!.stats.cached).toBe(known);
    expect(a!.stats.embedded).toBe(known);
    await Promise.all([a!.close(), b!.close()]);
  });
});
