/** Features of a committee: what heads of their own see of each part, made once for all parts. */
import { describe, expect, it } from 'vitest';
import { type Matrix, matrix, row, stream } from '#cole/base/index.js';
import { createFeatures, needsEmbedder, setsOf } from '#cole/features/index.js';
import { fitScaling } from '#cole/features/scaling.js';
import { nasBench201 as space } from '#cole/spaces/index.js';

const rng = stream('committees-test');
const cells = Array.from({ length: 50 }, () => space.sample(rng));
const train = cells.slice(0, 30);
const test = cells.slice(30);

/** Length and number of words of a text, and how often it was asked. */
function lengths() {
  let calls = 0;
  return {
    dimension: 2,
    get calls() {
      return calls;
    },
    async embed(texts: readonly string[]): Promise<Matrix> {
      calls++;
      return matrix(
        texts.length,
        2,
        Float32Array.from(texts.flatMap((text) => [text.length, text.split(/\s+/).length])),
      );
    },
  };
}

const columns = (m: Matrix, from: number, to: number) =>
  Array.from({ length: m.rows }, (_, r) => [...row(m, r).subarray(from, to)]);
const rowsOf = (m: Matrix) => columns(m, 0, m.cols);

describe('a committee', () => {
  it('has the rows of each part, as that part has them by itself', async () => {
    const textEmbedder = lengths();
    const features = createFeatures('path/code+path/ngrams', { space, textEmbedder });
    expect(features.name).toBe('path/code+path/ngrams');
    const fitted = await features.fit(train);
    const rows = await fitted.transform(test);
    const alone = async (spec: string) =>
      (await createFeatures(spec, { space, textEmbedder: lengths() }).fit(train)).transform(test);
    const [path, sum, ngrams] = [await alone('path'), await alone('code+path'), await alone('ngrams')];
    expect(rows.parts).toEqual([path.cols, sum.cols, ngrams.cols]);
    expect([rows.cols, fitted.columns]).toEqual([path.cols + sum.cols + ngrams.cols, rows.cols]);
    expect(columns(rows, 0, path.cols)).toEqual(rowsOf(path));
    expect(columns(rows, path.cols, path.cols + sum.cols)).toEqual(rowsOf(sum));
    expect(columns(rows, path.cols + sum.cols, rows.cols)).toEqual(rowsOf(ngrams));
  });

  it('asks the language model once for all parts that read with it', async () => {
    const textEmbedder = lengths();
    const fitted = await createFeatures('code/code+path/code+ngrams', { space, textEmbedder }).fit(train);
    expect(textEmbedder.calls).toBe(1);
    await fitted.transform(test);
    expect(textEmbedder.calls).toBe(2);
    await fitted.transform(test);
    expect(textEmbedder.calls).toBe(2);
  });

  it('scales embeddings that are a part by themselves as a model wants it, no others', async () => {
    const context = { space, textEmbedder: lengths(), codeScaling: 'zscore' } as const;
    const raw = await createFeatures('code', { space, textEmbedder: lengths() }).fit(train);
    const scaled = fitScaling('zscore', await raw.transform(train))(await raw.transform(test));
    const rows = await (await createFeatures('code/path', context).fit(train)).transform(test);
    expect(columns(rows, 0, 2)).toEqual(rowsOf(scaled));
    expect(columns(rows, 2, rows.cols)).toEqual(test.map((cell) => [...space.encodings.path!.encode(cell)]));
    const sum = await (await createFeatures('path/code+path', context).fit(train)).transform(test);
    const plain = await createFeatures('code+path', { space, textEmbedder: lengths() }).fit(train);
    expect(columns(sum, 155, sum.cols)).toEqual(rowsOf(await plain.transform(test)));
    // What is asked for goes over what a model wants.
    const asked = await (await createFeatures('code/path', { ...context, scaling: 'none' }).fit(train)).transform(test);
    expect(columns(asked, 0, 2)).toEqual(rowsOf(await raw.transform(test)));
  });

  it('is no committee with one part', async () => {
    for (const spec of ['path', 'path+ngrams']) {
      const rows = await (await createFeatures(spec, { space }).fit(train)).transform(test);
      expect(rows.parts).toBeUndefined();
    }
  });

  it('is refused where it says a thing twice, or nothing', () => {
    expect(() => createFeatures('path/path', { space })).toThrow('expected distinct parts in features path/path');
    expect(() => createFeatures('path+ngrams/ngrams+path', { space })).toThrow('got ngrams+path twice');
    expect(() => createFeatures('path/ngrams+ngrams', { space })).toThrow('got ngrams twice');
    for (const spec of ['path/', '/path', 'path//ngrams', 'path/+'])
      expect(() => createFeatures(spec, { space })).toThrow(/features/);
    expect(() => createFeatures('path/ngram', { space })).toThrow(/did you mean ngrams/);
    expect(() => createFeatures('path/code', { space })).toThrow('expected a language model');
  });

  it('says what it is made of', () => {
    expect(setsOf('path/code+path')).toEqual(['path', 'code']);
    expect(['path/code', 'ngrams/path+code', 'path/ngrams'].map(needsEmbedder)).toEqual([true, true, false]);
  });
});
