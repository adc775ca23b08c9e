/** Texts over the limit, split or cut, and texts that a causal model reads twice. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { row, stream } from '#cole/base/index.js';
import { createMultiEmbedder, type MultiEmbedderOptions, openModel, type Pooling } from '#cole/lm/index.js';
import { graphOf } from '#cole/lm/store/open.js';
import { distance, runnerOf } from './graphs.js';
import { tinyStore } from './tiny-store.js';

const home = tinyStore();

const poolings = ['mean', 'last_token', 'avg_avg', 'multi_layer'] as const satisfies readonly Pooling[];
const rng = stream('long texts');
const words = ['conv', 'pool', 'skip', 'relu', '(3, 5)'];
const write = (count: number) => Array.from({ length: count }, () => rng.pick(words)).join(' ');

type Options = Partial<MultiEmbedderOptions> & { model: string };

async function embed(options: Options, texts: readonly string[]) {
  const embedder = await createMultiEmbedder({ cache: null, threads: 1, poolings, ...options });
  try {
    return { vectors: await embedder.embed(texts), stats: { ...embedder.stats }, columns: embedder.columns };
  } finally {
    await embedder.close();
  }
}

/** Last hidden states [tokens][hidden] of each list of ids, from a graph that pools nothing. */
async function statesOf(model: string, ids: readonly (readonly number[])[]): Promise<Float32Array[][]> {
  const opened = await openModel(model);
  const path = await graphOf(opened, { outputs: ['last_hidden_state'], embeddingLayer: true });
  const runner = await runnerOf(opened.manifest.config, path);
  const found = await runner.run(ids, 1);
  await runner.close();
  const { hidden } = opened.manifest.config;
  return found.map(({ last_hidden_state: states }, text) =>
    ids[text]!.map((_, t) => states!.subarray(t * hidden, (t + 1) * hidden)),
  );
}

function meanOf(tokens: readonly Float32Array[]): number[] {
  return Array.from(tokens[0]!, (_, j) => tokens.reduce((sum, token) => sum + token[j]!, 0) / tokens.length);
}

describe.each(['bert', 'llama'])('long texts of a small %s', (model) => {
  const limit = 16;
  const short = 'conv pool';
  const texts = [write(30), short, write(90), write(200), 'conv '.repeat(70)];

  it('that are split have means over the tokens of all windows, and the last token of the last one', async () => {
    const { tokenizer } = await openModel(model);
    for (const specialTokens of model === 'bert' ? [true, false] : [true]) {
      const { vectors, stats } = await embed({ model, onLong: 'chunk', maxTokens: limit, specialTokens }, texts);
      const own = tokenizer.encode(texts, { addSpecialTokens: false });
      const most = limit - tokenizer.prefix.length - tokenizer.suffix.length;
      let [chunked, windows] = [0, 0];
      for (let text = 0; text < texts.length; text++) {
        const ids = [...own.ids.subarray(own.offsets[text], own.offsets[text + 1])];
        const parts = [];
        for (let at = 0; at < ids.length; at += most)
          parts.push([...tokenizer.prefix, ...ids.slice(at, at + most), ...tokenizer.suffix]);
        const [before, after] = specialTokens ? [0, 0] : [tokenizer.prefix.length, tokenizer.suffix.length];
        const states = await statesOf(model, parts);
        const counted = states.flatMap((tokens) => tokens.slice(before, tokens.length - after));
        expect(distance(row(vectors[0]!, text), meanOf(counted))).toBeLessThan(1e-6);
        expect(row(vectors[1]!, text)).toEqual(counted.at(-1));
        if (parts.length > 1) {
          chunked++;
          windows += parts.length;
        }
      }
      expect(stats).toMatchObject({ chunked, windows, truncated: 0 });
      expect(chunked).toBe(4);
    }
  });

  it('have the same bits in any company, order and number of threads, and for each pooling alone', async () => {
    const whole = await embed({ model, onLong: 'chunk', maxTokens: limit }, texts);
    const order = stream('order').shuffle(texts.map((_, index) => index));
    for (const [batchTokens, threads] of [
      [1, 1],
      [40, 2],
      [10_000, 3],
    ] as const) {
      const options = { model, onLong: 'chunk', maxTokens: limit, batchTokens, threads } as const;
      const other = await embed(
        options,
        order.map((index) => texts[index]!),
      );
      order.forEach((index, at) => {
        for (const column of poolings.keys())
          expect(row(other.vectors[column]!, at)).toEqual(row(whole.vectors[column]!, index));
      });
    }
    for (const [column, pooling] of poolings.entries()) {
      const alone = await embed({ model, onLong: 'chunk', maxTokens: limit, poolings: [pooling] }, texts);
      expect(alone.vectors[0]).toEqual(whole.vectors[column]);
    }
  });

  it('that are cut keep their special tokens', async () => {
    const { tokenizer } = await openModel(model);
    const { vectors, stats } = await embed({ model, onLong: 'truncate', maxTokens: limit }, texts);
    expect(stats).toMatchObject({ truncated: 4, chunked: 0, windows: 0 });
    const { ids, offsets } = tokenizer.encode(texts, { maxTokens: limit });
    const states = await statesOf(
      model,
      texts.map((_, i) => [...ids.subarray(offsets[i], offsets[i + 1])]),
    );
    states.forEach((tokens, text) => {
      expect(tokens.length).toBeLessThanOrEqual(limit);
      expect(distance(row(vectors[0]!, text), meanOf(tokens))).toBeLessThan(1e-6);
      expect(row(vectors[1]!, text)).toEqual(tokens.at(-1));
    });
  });

  it('are known apart in the cache from those that are cut elsewhere, and texts that fit are known to all', async () => {
    const cache = join(home, `cache-${model}`);
    const run = async (options: Partial<MultiEmbedderOptions>) => {
      const { stats, columns } = await embed({ model, cache, ...options }, texts);
      return { embedded: stats.embedded, identity: columns[0]!.identity };
    };
    await embed({ model, cache }, [short]);
    const chunk = await run({ onLong: 'chunk', maxTokens: limit });
    expect(chunk.embedded).toBe(4);
    expect(await run({ onLong: 'chunk', maxTokens: limit })).toEqual({ ...chunk, embedded: 0 });
    const others = [
      await run({ onLong: 'truncate', maxTokens: limit }),
      await run({ onLong: 'chunk', maxTokens: limit - 1 }),
      await run({ onLong: 'truncate', maxTokens: limit - 1 }),
    ];
    for (const { embedded } of others) expect(embedded).toBe(4);
    expect(new Set([chunk, ...others].map(({ identity }) => identity)).size).toBe(4);
  });

  it('are refused with the name of the longest, and so is a limit that holds none', async () => {
    const names = { model, maxTokens: limit };
    await expect(embed(names, texts)).rejects.toMatchObject({
      code: 'ERR_LENGTH',
      message: expect.stringMatching(/^expected at most 16 tokens in text 3, the longest of 4 longer ones, got \d+$/),
    });
    const embedder = await createMultiEmbedder({ ...names, poolings, cache: null });
    await expect(embedder.embed(texts, undefined, (index) => `file ${index}.py`)).rejects.toThrow(/in file 3\.py, the/);
    await embedder.close();
    if (model === 'bert')
      for (const onLong of ['chunk', 'truncate'] as const)
        await expect(embed({ model, onLong, maxTokens: 2 }, texts)).rejects.toThrow(/more than the 2 special tokens/);
    await expect(embed({ model, onLong: 'split' as never }, texts)).rejects.toThrow(/error, truncate, chunk/);
  });

  it('of 10 MB are refused, cut or split', async () => {
    const text = 'conv pool '.repeat(2 ** 20);
    expect(text.length).toBeGreaterThan(1e7);
    await expect(embed({ model }, [text])).rejects.toThrow(/expected at most 64 tokens in text 0, got \d{7}$/);
    const cut = await embed({ model, onLong: 'truncate', poolings: ['mean'] }, [text]);
    expect(cut.stats).toMatchObject({ truncated: 1, tokens: 64 });
    const split = await embed({ model, onLong: 'chunk', poolings: ['mean'] }, [text.slice(0, 2 ** 20)]);
    expect(split.stats.windows).toBeGreaterThan(1000);
    expect(split.vectors[0]!.data.every(Number.isFinite)).toBe(true);
  });
});

describe('echo', () => {
  const texts = ['conv pool', 'conv', '  relu(3)', 'pool\n', 'skip conv'];

  it('pools over the second copy, which has seen the whole text', async () => {
    const { tokenizer } = await openModel('llama');
    const { vectors, stats } = await embed({ model: 'llama', echo: true }, texts);
    const encoder = new TextEncoder();
    const ids = texts.map((text) => [...tokenizer.encode([`${text} \n\n ${text}`]).ids]);
    expect(stats.tokens).toBe(ids.flat().length);
    const states = await statesOf('llama', ids);
    for (const [text, tokens] of states.entries()) {
      // By bytes: of this vocabulary each token is a letter, or "co", "nv", "conv".
      const before = encoder.encode(`${texts[text]} \n\n `).length;
      let [start, bytes] = [0, 0];
      for (; start < tokens.length; start++) {
        bytes += encoder.encode(tokenizer.decode([ids[text]![start]!])).length;
        if (bytes > before) break;
      }
      expect(tokens.length - start).toBe(tokenizer.encode([texts[text]!]).ids.length);
      expect(distance(row(vectors[0]!, text), meanOf(tokens.slice(start)))).toBeLessThan(1e-6);
      expect(row(vectors[1]!, text)).toEqual(tokens.at(-1));
    }
  });

  it('has the same bits in any company, and a place of its own in the cache', async () => {
    const cache = join(home, 'echo');
    await embed({ model: 'llama', cache }, texts);
    const first = await embed({ model: 'llama', cache, echo: true }, texts);
    expect(first.stats.cached).toBe(0);
    const alone = await embed({ model: 'llama', echo: true, batchTokens: 1 }, [...texts].reverse());
    texts.forEach((_, i) => {
      for (const column of poolings.keys())
        expect(row(alone.vectors[column]!, texts.length - 1 - i)).toEqual(row(first.vectors[column]!, i));
    });
  });

  it('is refused where it makes no sense', async () => {
    await expect(embed({ model: 'bert', echo: true }, texts)).rejects.toThrow(/causal .* for echo, got bert of family/);
    for (const onLong of ['truncate', 'chunk'] as const)
      await expect(embed({ model: 'llama', echo: true, onLong }, texts)).rejects.toThrow(/onLong error with echo/);
    await expect(embed({ model: 'llama', echo: true }, ['conv', ''])).rejects.toThrow(/text 1, got none: it is empty/);
    await expect(embed({ model: 'llama', echo: true }, ['x'.repeat(40)])).rejects.toThrow(
      /at most 64 tokens in text 0, written twice for echo, got 8\d/,
    );
  });
});
