import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Matrix, matrix, row, stream } from '#cole/base/index.js';
import { renderer } from '#cole/code/index.js';
import { codeDefaults, createFeatures, featureNames, needsEmbedder, type Scaling } from '#cole/features/index.js';
import { gramCounts, tokens } from '#cole/features/ngrams.js';
import { fitScaling, fitUnitSize } from '#cole/features/scaling.js';
import { type Cell, nasBench201 as space } from '#cole/spaces/index.js';

const rng = stream('features-test');
const cells = Array.from({ length: 60 }, () => space.sample(rng));
const train = cells.slice(0, 40);
const test = cells.slice(40);

/** A real function of the text, though not a language model: letter frequencies. Counts what it is asked. */
function letters() {
  const asked: string[] = [];
  return {
    asked,
    dimension: 26,
    async embed(texts: readonly string[]): Promise<Matrix> {
      asked.push(...texts);
      const out = matrix(texts.length, 26);
      texts.forEach((text, r) => {
        for (const letter of text.toLowerCase()) {
          const at = letter.charCodeAt(0) - 97;
          if (at >= 0 && at < 26) row(out, r)[at]! += 1 / text.length;
        }
      });
      return out;
    },
  };
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, 5);
};

describe('structural sets', () => {
  it.each(Object.keys(space.encodings))('%s is the encoding of the space', async (name) => {
    const fitted = await createFeatures(name, { space }).fit(train);
    const rows = await fitted.transform(test);
    expect([rows.rows, rows.cols, fitted.columns]).toEqual([
      test.length,
      space.encodings[name]!.length,
      space.encodings[name]!.length,
    ]);
    test.forEach((cell, r) => {
      expect([...row(rows, r)]).toEqual([...space.encodings[name]!.encode(cell)]);
    });
  });
});

describe('ngrams', () => {
  it('splits into words, parentheses, plus and equals', () => {
    expect(tokens('a = conv3x3(x) + b\n  return nn.ReLU(a, inplace=False)')).toEqual(
      'a = conv3x3 ( x ) + b return nn ReLU ( a inplace = False )'.split(' '),
    );
  });

  it('counts every run of 1 to 4 tokens', () => {
    const counts = gramCounts('x + x + x');
    expect(Object.fromEntries(counts)).toEqual({
      x: 3,
      'x +': 2,
      'x + x': 2,
      'x + x +': 1,
      '+': 2,
      '+ x': 2,
      '+ x +': 1,
      '+ x + x': 1,
    });
  });

  it('takes its vocabulary from the training texts, in an order that the rows do not decide', async () => {
    const features = createFeatures('ngrams', { space, style: 'nested' });
    const forward = await features.fit(train);
    const backward = await features.fit(train.toReversed());
    expect(forward.columns).toBe(backward.columns);
    expect((await forward.transform(test)).data).toEqual((await backward.transform(test)).data);
    const grams = new Set(train.flatMap((cell) => [...gramCounts(renderer(space.name, 'nested').render(cell)).keys()]));
    expect(forward.columns).toBe(grams.size);
    const one = await features.fit(train.slice(0, 1));
    expect(one.columns).toBeLessThan(forward.columns);
    const rows = await one.transform(train.slice(0, 1));
    const counts = gramCounts(renderer(space.name, 'nested').render(train[0]));
    expect(rows.data.reduce((a, b) => a + b)).toBe([...counts.values()].reduce((a, b) => a + b));
  });

  it('reads the string of the architecture for derivation', async () => {
    const fitted = await createFeatures('derivation', { space, style: 'nested' }).fit(train);
    const grams = new Set(train.flatMap((cell) => [...gramCounts(space.print(cell)).keys()]));
    expect(fitted.columns).toBe(grams.size);
    const rows = await fitted.transform(train.slice(0, 1));
    const counts = [...gramCounts(space.print(train[0]!)).values()];
    expect(rows.data.reduce((a, b) => a + b)).toBe(counts.reduce((a, b) => a + b));
  });

  it('reads the text of the style', async () => {
    const columns = async (style: string) => (await createFeatures('ngrams', { space, style }).fit(train)).columns;
    expect(await columns('exclude_helper')).toBeGreaterThan(await columns('nested'));
    await expect(columns('nestd')).rejects.toThrow(/did you mean nested/);
  });
});

describe('code', () => {
  it('embeds each distinct text once', async () => {
    const embedder = letters();
    const features = createFeatures('code', { space, textEmbedder: embedder, style: 'paths', scaling: 'none' });
    const fitted = await features.fit(train);
    const twice = await fitted.transform([...train, ...train]);
    await fitted.transform(train);
    const texts = train.map(renderer(space.name, 'paths').render);
    expect(embedder.asked.sort()).toEqual([...new Set(texts)].sort());
    const direct = await letters().embed([...texts, ...texts]);
    expect(twice.data).toEqual(direct.data);
    expect(twice.cols).toBe(fitted.columns);
  });

  it('has the default style', async () => {
    const embedder = letters();
    const fitted = await createFeatures('code', { space, textEmbedder: embedder }).fit(train);
    await fitted.transform(train);
    expect(embedder.asked).toContain(renderer(space.name, codeDefaults.style).render(train[0]));
  });

  it('takes a renderer for spaces that have none', async () => {
    const embedder = letters();
    const own = { identity: 'mine/print@1', style: 'print', render: (cell: Cell) => space.print(cell) };
    const mine = { ...space, name: 'mine' };
    const fitted = await createFeatures('code', { space: mine, textEmbedder: embedder, renderer: own }).fit(train);
    await fitted.transform(train.slice(0, 1));
    expect(embedder.asked).toContain(space.print(train[0]!));
    expect(() => createFeatures('code', { space: mine, textEmbedder: embedder })).toThrow(/space/);
  });

  it('refuses an embedder whose rows do not fit', async () => {
    const wrong = { dimension: 27, embed: letters().embed };
    const fitted = await createFeatures('code', { space, textEmbedder: wrong, scaling: 'none' }).fit(train);
    await expect(fitted.transform(train)).rejects.toThrow(/x 27 values from the embedder, got \d+ x 26/);
  });
});

describe('scaling', () => {
  const random = (rows: number, cols: number) =>
    fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: rows * cols, maxLength: rows * cols });
  const sample = random(5, 3).map((values) => matrix(5, 3, Float32Array.from(values)));

  it('is what it says on the training rows', () => {
    fc.assert(
      fc.property(sample, (x) => {
        const columns = (m: Matrix, c: number) => Array.from({ length: m.rows }, (_, r) => row(m, r)[c]!);
        const mean = (v: number[]) => v.reduce((a, b) => a + b) / v.length;
        const centred = fitScaling('center', x)(x);
        const z = fitScaling('zscore', x)(x);
        const unit = fitScaling('l2', x)(x);
        expect(fitScaling('none', x)(x)).toBe(x);
        for (let c = 0; c < 3; c++) {
          expect(mean(columns(centred, c))).toBeCloseTo(0, 3);
          const spread = Math.sqrt(mean(columns(centred, c).map((v) => v * v)));
          const deviation = Math.sqrt(mean(columns(z, c).map((v) => v * v)));
          if (spread > 0.01) expect(deviation).toBeCloseTo(1, 3);
        }
        for (let r = 0; r < 5; r++) {
          const length = Math.hypot(...row(x, r));
          if (length > 0.01) expect(Math.hypot(...row(unit, r))).toBeCloseTo(1, 4);
          else expect(Number.isFinite(unit.data[0])).toBe(true);
        }
        const sized = fitUnitSize(x)(x);
        const total = sized.data.reduce((a, b) => a + b * b, 0) / 5;
        if (centred.data.some((v) => Math.abs(v) > 0.1)) expect(total).toBeCloseTo(1, 3);
      }),
      { seed: 1 },
    );
  });

  it('uses the statistics of the training rows on others', () => {
    const x = matrix(2, 2, Float32Array.of(1, 10, 3, 10));
    const y = matrix(1, 2, Float32Array.of(5, 12));
    close(fitScaling('center', x)(y).data, [3, 2]);
    // The second column is constant: centred, not divided.
    close(fitScaling('zscore', x)(y).data, [3, 2]);
    close(fitScaling('l2', x)(y).data, [5 / 13, 12 / 13]);
    close(fitUnitSize(x)(y).data, [3, 2]);
    const constant = matrix(2, 1, Float32Array.of(4, 4));
    close(fitUnitSize(constant)(constant).data, [0, 0]);
  });

  it('is asked for by name', async () => {
    const raw = await (await createFeatures('path', { space }).fit(train)).transform(train);
    const scaled = await (await createFeatures('path', { space, scaling: 'zscore' }).fit(train)).transform(test);
    const other = await (await createFeatures('path', { space }).fit(train)).transform(test);
    expect(scaled.data).toEqual(fitScaling('zscore', raw)(other).data);
    expect(() => createFeatures('path', { space, scaling: 'zscores' as Scaling })).toThrow(/did you mean zscore/);
  });
});

describe('sums', () => {
  it('join parts of unit size, fitted on the training rows', async () => {
    const fitted = await createFeatures('path+ngrams', { space }).fit(train);
    const rows = await fitted.transform(train);
    const split = (m: Matrix, r: number) => [row(m, r).subarray(0, 155), row(m, r).subarray(155)];
    expect(rows.cols).toBe(fitted.columns);
    for (const part of [0, 1]) {
      let squares = 0;
      for (let r = 0; r < train.length; r++) for (const v of split(rows, r)[part]!) squares += v * v;
      expect(squares / train.length).toBeCloseTo(1, 4);
    }
    const path = (await (await createFeatures('path', { space }).fit(train)).transform(train)) as Matrix;
    const other = (await (await createFeatures('path', { space }).fit(train)).transform(test)) as Matrix;
    const expected = fitUnitSize(path)(other);
    const joined = await fitted.transform(test);
    test.forEach((_, r) => {
      close(split(joined, r)[0]!, row(expected, r));
    });
  });

  it('are named as asked, in that order', async () => {
    const embedder = letters();
    const features = createFeatures('ngrams+code+adjacency', { space, textEmbedder: embedder });
    expect(features.name).toBe('ngrams+code+adjacency');
    const ngrams = await createFeatures('ngrams', { space }).fit(train);
    expect((await features.fit(train)).columns).toBe(ngrams.columns + 26 + 30);
  });
});

describe('names', () => {
  it('are listed, and wrong ones refused with the nearest', () => {
    expect(featureNames(space)).toEqual(
      expect.arrayContaining(['code', 'ngrams', 'path', 'path-naslib', 'paths-normal']),
    );
    expect(() => createFeatures('ngram', { space })).toThrow(/did you mean ngrams/);
    expect(() => createFeatures('path+', { space })).toThrow(/features of nas-bench-201/);
    expect(() => createFeatures('path+path', { space })).toThrow(/path twice/);
    expect(() => createFeatures('toString', { space })).toThrow(/features of nas-bench-201/);
    expect(() => createFeatures('code', { space })).toThrow(/expected a language model/);
  });

  it('say whether a language model is needed', () => {
    expect(['code', 'code+ngrams', 'path+code', 'path', 'ngrams'].map(needsEmbedder)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
