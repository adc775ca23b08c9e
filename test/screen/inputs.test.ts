/** Screens of texts, of their token ids and of their vectors: the same bits, and refusals of what does not belong together. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { type InputRow, mergeScreens, type ScreenInput, type ScreenOptions } from '#cole/index.js';
import { addModel, createEmbedder, removeModel, tokenizerOf } from '#cole/lm/index.js';
import { tinyBert } from '../lm/tiny.js';
import { tinyStore } from '../lm/tiny-store.js';
import { common, fresh, outcome, screen } from './known.js';

const home = tinyStore();

const words = ['conv', 'pool', 'skip', 'relu', 'conv2d', '(3, 5)'];
const rng = stream('screen texts');
// Some are over the limit, and come again in other chunks.
const texts = Array.from({ length: 260 }, (_, at) =>
  at % 40 === 7 ? 'conv pool '.repeat(30) : Array.from({ length: 1 + rng.int(12) }, () => rng.pick(words)).join(' '),
);
const inputOf = (identity: string, rows: readonly InputRow[]): ScreenInput => ({
  identity,
  rows: async function* () {
    yield* rows;
  },
});
const { count: _, ...known } = common;
const options = { ...known, features: 'code', model: 'bert', maxTokens: 24, chunk: 90, top: 100, workers: 1 } as const;
const fromTexts = inputOf(
  'texts',
  texts.map((text, at) => ({ key: `${at}`, text })),
);

async function tokenRows(model = 'bert'): Promise<InputRow[]> {
  const { ids, offsets } = (await tokenizerOf(model)).encode(texts);
  return texts.map((_, at) => ({
    key: `${at}`,
    ids: ids.slice(offsets[at], offsets[at + 1]),
    place: `line ${at + 1}`,
  }));
}

async function vectorRows(): Promise<InputRow[]> {
  const { model, maxTokens } = options;
  const embedder = await createEmbedder({ model, maxTokens, onLong: 'truncate', cache: null });
  const { data, cols } = await embedder.embed(texts);
  await embedder.close();
  return texts.map((_, at) => ({ key: `${at}`, vector: data.slice(at * cols, (at + 1) * cols) }));
}

/** Without the identity, which is the text, its ids or its key. */
const scoresOf = async (out: string) =>
  (await outcome(out)).top.map(({ key, score, std, first }) => ({ key, score, std, first }));

describe('the language model of a screen', () => {
  const small = { ...options, space: common.space, count: 200, chunk: 100, top: 10 } as const;
  const put = async (draw: number) => {
    await removeModel('bert');
    tinyBert(join(home, 'bert'), draw);
    await addModel(join(home, 'bert'));
  };

  it('is the same one to the end, in all shards; what is over needs none', async () => {
    for (const features of ['code', 'static']) {
      const shards = [1, 2].map((index) => ({ ...small, features, shard: { index, of: 2 } }));
      const done = await screen(shards[0]!);
      const stopped = fresh();
      const stop = new AbortController();
      stop.abort();
      await expect(screen(shards[1]!, stopped, { signal: stop.signal })).rejects.toThrow('interrupted');
      await put(1);
      try {
        await expect(screen(shards[1]!, stopped)).rejects.toThrow('expected the model with which the run in');
        const strange = await screen(shards[1]!);
        await expect(mergeScreens([done.out, strange.out], fresh())).rejects.toThrow('or language model differ');
        expect((await screen(shards[0]!, done.out)).summary).toEqual(done.summary);
      } finally {
        await put(0);
      }
      await screen(shards[1]!, stopped);
      expect(await mergeScreens([done.out, stopped], fresh())).toMatchObject({ taken: 200 });
    }
  });
});

describe('a screen of token ids', () => {
  it('comes to the same bits as one of the texts, long ones cut', async () => {
    const ids = await tokenRows();
    for (const full of ['100%', '30%']) {
      const [a, b] = [
        await screen({ ...options, full, input: fromTexts }),
        await screen({ ...options, full, workers: 2, input: inputOf('ids', ids) }),
      ];
      expect(await scoresOf(b.out)).toEqual(await scoresOf(a.out));
      expect(b.summary).toMatchObject({ first: full === '100%' ? null : 'static', taken: 260 });
      const counts = ({ distinct, full, tokens, truncated }: typeof a.summary) => ({
        distinct,
        full,
        tokens,
        truncated,
      });
      expect(counts(b.summary)).toEqual(counts(a.summary));
      if (full === '100%') expect(a.summary.truncated).toBeGreaterThan(6);
    }
  });

  it('refuses ids and features that do not go together', async () => {
    const rows = await tokenRows();
    const refused = (change: Partial<ScreenOptions>, input: ScreenInput, message: string) =>
      expect(screen({ ...options, ...change, input } as ScreenOptions)).rejects.toThrow(message);
    const ids = inputOf('ids', rows);
    await refused({ features: 'ngrams' }, ids, 'that can be made of token ids (code, static), got ngrams');
    await refused({ features: 'code+counts' }, ids, 'that can be made of token ids (code, static), got counts');
    await refused({ first: 'counts', full: '5%' }, ids, 'that can be made of token ids');
    // What ids are refused in themselves, test/lm/token-ids.test.ts has.
    const { prefix, suffix, vocabularySize } = await tokenizerOf('bert');
    const wrong = { key: 'k', ids: Int32Array.of(...prefix, vocabularySize, ...suffix), place: 'line 61' };
    for (const features of ['code', 'static'])
      await refused(
        { features },
        inputOf('wrong', [...rows.slice(0, 60), wrong]),
        `in k (line 61), got ${vocabularySize}`,
      );
    const other = { ...ids, madeWith: { tokenizer: (await tokenizerOf('llama')).identity } };
    await refused({}, other, 'expected token ids of the tokenizer of bert, got those of another one');
    await refused({}, inputOf('none', []), 'expected rows in the input of a screen, got none');
    await refused(
      {},
      inputOf('mixed', [...rows.slice(0, 2), { key: 'k', text: 'conv' }]),
      'rows of one kind, got ids and texts',
    );
  });
});

describe('a screen of embeddings', () => {
  it('comes to the same bits as one of the texts, and scores all', async () => {
    const vectors = await screen({ ...options, input: inputOf('vectors', await vectorRows()) });
    const { out } = await screen({ ...options, full: '100%', input: fromTexts });
    expect(vectors.summary).toMatchObject({ first: null, share: 1, tokens: 0, taken: 260 });
    // Texts that are equal count once; vectors are told apart by their keys.
    const [a, b] = [await scoresOf(out), new Map((await scoresOf(vectors.out)).map((row) => [row.key, row]))];
    expect(a.filter(({ key }) => b.has(key)).length).toBeGreaterThan(60);
    for (const row of a) if (b.has(row.key)) expect(b.get(row.key)).toEqual(row);
  });

  it('refuses vectors of another embedder, and features that they are not', async () => {
    const rows = await vectorRows();
    const refused = (change: Partial<ScreenOptions>, input: ScreenInput, message: string) =>
      expect(screen({ ...options, ...change, input } as ScreenOptions)).rejects.toThrow(message);
    const vectors = inputOf('vectors', rows);
    await refused({ features: 'static' }, vectors, 'that can be made of embeddings (code), got static');
    await refused({ full: '5%' }, vectors, '100% as full of embeddings');
    const narrow = inputOf('narrow', [{ key: 'k', vector: Float32Array.of(1, 2) }]);
    await refused({}, narrow, 'values, as the language model and its pooling give them, got 2');
    await refused(
      {},
      inputOf('mixed', [...rows.slice(0, 2), { key: 'k', vector: Float32Array.of(1) }]),
      'values for k, as before, got 1',
    );
    const identity = async (model: string, onLong: 'error' | 'truncate', maxTokens: number = options.maxTokens) => {
      const embedder = await createEmbedder({ model, maxTokens, onLong, cache: null });
      await embedder.close();
      return embedder.identity;
    };
    const made = async (...of: Parameters<typeof identity>) => ({
      ...vectors,
      madeWith: { embedder: await identity(...of) },
    });
    const { out } = await screen({ ...options, input: vectors });
    const fitting = await screen({ ...options, input: await made('bert', 'error') });
    expect(await scoresOf(fitting.out)).toEqual(await scoresOf(out));
    // The same screen, which is finished: the vectors are its own.
    await screen({ ...options, input: await made('bert', 'truncate') }, out);
    await refused({}, await made('llama', 'error'), 'expected embeddings of bert with pooling avg_avg in float32');
    await refused({}, await made('bert', 'truncate', 12), 'cut at 24 tokens if at all, got others');
    const style = { ...vectors, madeWith: { text: 'einspace:1x8x8/flat@1' } };
    await refused({}, style, 'texts of form einspace:1x8x8/nested@1, got those of einspace:1x8x8/flat@1');
  });
});
