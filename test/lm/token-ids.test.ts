/** Token ids in the place of texts: the same vectors, and refusals of ids that are not the tokenizer's. */
import { expect, it } from 'vitest';
import {
  createEmbedder,
  createMultiEmbedder,
  createStaticEmbedder,
  type EmbedderOptions,
  tokenizerOf,
} from '#cole/lm/index.js';
import { tinyStore } from './tiny-store.js';

tinyStore();
const texts = ['conv pool', 'relu (3, 5) skip', 'conv pool', 'conv skip '.repeat(30)];
const open = (options: Partial<EmbedderOptions> & { model: string }) =>
  createEmbedder({ cache: null, threads: 1, maxTokens: 24, onLong: 'truncate', ...options });

it.each(['bert', 'llama'])('give a small %s the same bits as the texts, cut or split alike', async (model) => {
  const tokens = (await tokenizerOf(model)).encode(texts);
  for (const options of [{}, { onLong: 'chunk', pooling: 'mean' }, { pooling: 'last_token' }] as const) {
    const [a, b] = [await open({ model, ...options }), await open({ model, ...options })];
    expect(await b.embed(tokens)).toEqual(await a.embed(texts));
    expect(b.measure(tokens)).toEqual(a.measure(texts));
    for (const { stats } of [a, b]) expect(stats.truncated + stats.chunked).toBe(1);
    await Promise.all([a.close(), b.close()]);
  }
  const fixed = await createStaticEmbedder(model);
  expect(await fixed.embed(tokens)).toEqual(await fixed.embed(texts));
});

it('are in no cache, and find none', async () => {
  const { COLE_HOME } = process.env;
  const embedder = await createMultiEmbedder({
    model: 'bert',
    poolings: ['mean', 'avg_avg'],
    cache: `${COLE_HOME}/ids`,
  });
  const tokens = (await tokenizerOf('bert')).encode(['conv pool']);
  for (const embedded of [1, 2]) {
    await embedder.embed(tokens);
    expect(embedder.stats).toMatchObject({ texts: embedded, embedded, cached: 0 });
  }
  await embedder.embed(['conv pool']);
  expect(embedder.stats).toMatchObject({ embedded: 3, cached: 0 });
  await embedder.close();
});

it('are refused out of the vocabulary, without the special tokens, too long, and for echo', async () => {
  const { prefix, suffix, vocabularySize } = await tokenizerOf('bert');
  const [embedder, fixed] = [await open({ model: 'bert', onLong: 'error' }), await createStaticEmbedder('bert')];
  const batch = (ids: readonly number[]) => ({ ids: Int32Array.from(ids), offsets: Int32Array.of(0, ids.length) });
  const around = `begin with [${prefix}] and end with [${suffix}], the special tokens of the model's tokenizer, in k`;
  const cases: [readonly number[], string][] = [
    [
      [...prefix, vocabularySize, ...suffix],
      `token ids below ${vocabularySize}, the size of the model's vocabulary, in k`,
    ],
    [[...prefix, -1, ...suffix], 'in k, got -1'],
    [[5, ...suffix], `${around}, got [5,${suffix}]`],
    [[...prefix, 5, 6, 7, 8, 9, 10], `${around}, got [${prefix},5,6 ... 8,9,10]`],
    [[], `${around}, got []`],
    [prefix, around],
  ];
  for (const [ids, message] of cases)
    for (const each of [
      () => embedder.embed(batch(ids), undefined, () => 'k'),
      () => fixed.embed(batch(ids), () => 'k'),
    ])
      await expect(each()).rejects.toThrow(message);
  const long = batch([...prefix, ...Array<number>(40).fill(5), ...suffix]);
  await expect(embedder.embed(long, undefined, () => 'k')).rejects.toThrow('at most 24 tokens in k, got 42');
  const echo = await open({ model: 'llama', echo: true, onLong: 'error' });
  await expect(echo.embed(batch([1, 2]))).rejects.toThrow('expected texts for echo');
  await Promise.all([embedder.close(), echo.close()]);
});
