import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileToColumns, fileToEmbeddings } from '#cole/arrow/index.js';
import {
  embeddingColumnsToFile,
  embeddingsToFile,
  matrix,
  type RegressionOptions,
  runRegression,
  space,
  stream,
  writeReport,
} from '#cole/index.js';
import { holm, pairedTest, regressionMetrics, stratifiedFolds, trialRowsOf } from '#cole/study/regression/index.js';

describe('the protocol', () => {
  const values = Float64Array.from({ length: 103 }, (_, i) => (i * 37) % 103);

  it('deals every bin of values out to the folds evenly', () => {
    const folds = stratifiedFolds(values, 10, 42, 0);
    const sizes = Array.from({ length: 10 }, (_, fold) => folds.filter((of) => of === fold).length);
    expect([...new Set(sizes)].sort()).toEqual([10, 11]);
    const low = Array.from(values.keys()).filter((row) => values[row]! < 21);
    const lowOf = Array.from({ length: 10 }, (_, fold) => low.filter((row) => folds[row] === fold).length);
    expect(Math.max(...lowOf) - Math.min(...lowOf)).toBeLessThanOrEqual(1);
  });

  it('splits anew for each repeat, and the same way for the same seed', () => {
    expect(stratifiedFolds(values, 10, 42, 1)).toEqual(stratifiedFolds(values, 10, 42, 1));
    expect(stratifiedFolds(values, 10, 42, 1)).not.toEqual(stratifiedFolds(values, 10, 42, 0));
  });

  it('draws training rows outside the fold, each once', () => {
    const folds = stratifiedFolds(values, 10, 42, 0);
    const { train, test } = trialRowsOf(folds, 3, 50, 42, 0);
    expect(new Set(train).size).toBe(50);
    expect(train.every((row) => folds[row] !== 3)).toBe(true);
    expect(test.every((row) => folds[row] === 3)).toBe(true);
    expect(() => trialRowsOf(folds, 3, 94, 42, 0)).toThrow(/at most 9[23], the rows outside a fold, got 94/);
  });
});

describe('metrics', () => {
  const truth = Float64Array.from({ length: 20 }, (_, i) => i);
  const zeros = new Float64Array(20);

  it('of a perfect prediction', () => {
    const { coverage, ...rest } = regressionMetrics(truth, truth, zeros);
    expect(rest).toEqual({ tau: 1, spearman: 1, pearson: 1, mse: 0, r2: 1, topRecall: 1, topRegret: 0 });
    expect(coverage).toBeNaN();
  });

  it('of one that is the wrong way round', () => {
    const { tau, spearman, topRecall, topRegret } = regressionMetrics(truth, truth.toReversed(), zeros);
    expect([tau, spearman, topRecall, topRegret]).toEqual([-1, -1, 0, 18]);
  });

  it('gives no credit to predictions that have collapsed', () => {
    const nearlyEqual = truth.map((value) => 3 + 1e-6 * value);
    expect(regressionMetrics(truth, nearlyEqual, zeros)).toMatchObject({ tau: 0, spearman: 0, pearson: 0 });
  });

  it('counts the values inside the predicted interval', () => {
    const off = truth.map((value, i) => value + (i < 5 ? 2 : 1));
    expect(
      regressionMetrics(
        truth,
        off,
        zeros.map(() => 1),
      ).coverage,
    ).toBe(0.75);
  });
});

describe('comparisons', () => {
  it("Nadeau and Bengio's t of a worked example", () => {
    const test = pairedTest([1.1, 1.2, 1.3, 1.4], [1, 1, 1, 1], { pool: 9, fold: 1, size: 1 });
    expect(test.t).toBeCloseTo(3.2225, 4);
    // 2 P(T > 3.2225) with three degrees of freedom.
    expect(test.p).toBeCloseTo(0.04847, 4);
    expect(test.conservativeP).toBeGreaterThan(test.p);
  });

  it('trials that do not differ say nothing', () => {
    expect(pairedTest([1, 2], [1, 2], { pool: 9, fold: 1, size: 5 })).toMatchObject({ t: 0, p: 1, difference: 0 });
  });

  it("Holm's adjustment", () => {
    expect(holm([0.01, 0.04, 0.03, 0.5])).toEqual([0.04, 0.09, 0.09, 0.5]);
  });
});

describe('a study', () => {
  let folder: string;
  let table: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cole-regression-'));
    table = join(folder, 'table.csv');
    const nas = space('nas-bench-201');
    const rng = stream('regression-test');
    const archs = [...new Set(Array.from({ length: 200 }, () => nas.print(nas.sample(rng))))];
    const convolutions = (arch: string) => arch.split('nor_conv_3x3').length;
    writeFileSync(
      table,
      `arch,accuracy\n${archs.map((arch, i) => `${arch},${10 * convolutions(arch) + (i % 7)}`).join('\n')}\n`,
    );
    const vectors = matrix(archs.length, 4);
    archs.forEach((arch, i) => {
      vectors.data.set([convolutions(arch), i % 5, arch.length, 1], 4 * i);
    });
    writeFileSync(join(folder, 'e.arrow'), embeddingsToFile({ keys: archs, rows: vectors, metadata: { model: 'x' } }));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const options = (out: string, more: Partial<RegressionOptions> = {}): RegressionOptions => ({
    table,
    metric: 'accuracy',
    methods: [
      { features: 'path' },
      { features: 'ngrams', style: 'nested' },
      { name: 'mine', embeddings: join(folder, 'e.arrow') },
    ],
    sizes: [20, 60],
    folds: 4,
    repeats: 1,
    out: join(folder, out),
    ...more,
  });
  const read = (out: string, name: string) => readFileSync(join(folder, out, name), 'utf8');

  it('learns, compares with the baseline and writes its trials', async () => {
    const summary = await runRegression(options('a'));
    expect(summary.trials).toEqual({ planned: 24, done: 24 });
    const tau = (method: string) =>
      summary.results.find((r) => r.method === method && r.size === 60)!.metrics.tau!.mean;
    // Accuracy follows the number of 3x3 convolutions, which is a column of the embeddings.
    expect(tau('mine')).toBeGreaterThan(0.6);
    expect(tau('ngrams nested')).toBeGreaterThan(0.4);
    expect(summary.comparisons.map(({ method, baseline }) => [method, baseline])).toContainEqual(['mine', 'path']);
    const { rows, columns } = fileToColumns('trials', readFileSync(join(folder, 'a', 'trials.arrow')));
    expect(rows).toBe(24);
    expect(columns.get('tau')!.values[0]).toBe(Number(read('a', 'trials.csv').split('\n')[1]!.split(',')[4]));
  });

  it('has a report with every method, its test and its files', async () => {
    await runRegression(options('a'));
    const files = await writeReport({ runs: [join(folder, 'a')], out: join(folder, 'report.html') });
    const page = readFileSync(files.html, 'utf8');
    for (const name of ['path', 'ngrams nested', 'mine']) expect(page).toContain(`<b>${name}</b>`);
    expect(page).toMatch(/[+−]0\.\d{3}, p /);
    const [header, ...rows] = readFileSync(files.csv[0]!, 'utf8').trimEnd().split('\n');
    expect(header).toMatch(/^method,language_model,size,mean_tau,/);
    expect(rows.length).toBe(6);
    await expect(writeReport({ runs: [join(folder, 'a'), join(folder, 'a')], out: folder })).rejects.toThrow(
      /a regression study by itself/,
    );
  });

  it('is the same for any number of workers, and after being cut off', async () => {
    await runRegression(options('one', { workers: 1 }));
    await runRegression(options('two', { workers: 2, threads: 4 }));
    expect(read('two', 'trials.csv')).toBe(read('one', 'trials.csv'));

    const lines = read('one', 'journal.jsonl').split('\n');
    rmSync(join(folder, 'one', 'summary.json'));
    writeFileSync(join(folder, 'one', 'journal.jsonl'), `${lines.slice(0, 9).join('\n')}\n${lines[9]!.slice(0, 20)}`);
    await runRegression(options('one', { workers: 2 }));
    expect(read('one', 'trials.csv')).toBe(read('two', 'trials.csv'));
  });

  it('stops on request and goes on from there', async () => {
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => done > 4 && controller.abort();
    await expect(runRegression(options('a'), { onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_INTERRUPTED',
    });
    const before = read('a', 'journal.jsonl')
      .split('\n')
      .filter((line) => line.includes('"trial"')).length;
    expect(before).toBeGreaterThan(4);
    expect((await runRegression(options('a'))).trials.done).toBe(24);
  });

  it('is extended by repeats, and comes to the study that had them from the start', async () => {
    await runRegression(options('whole', { repeats: 3 }));
    await runRegression(options('a', { workers: 1 }));
    const first = read('a', 'journal.jsonl');
    await expect(runRegression(options('a', { repeats: 3 }))).rejects.toThrow(
      'whose repeats is 1, got 3; choose another directory, or extend the run',
    );
    const summary = await runRegression(options('a', { repeats: 3, extend: true }));
    expect(summary.trials).toEqual({ planned: 72, done: 72 });
    expect(read('a', 'trials.csv')).toBe(read('whole', 'trials.csv'));
    // Nothing of the first repeat was done again.
    const after = read('a', 'journal.jsonl');
    expect(after.startsWith(first)).toBe(true);
    expect(after.slice(first.length)).not.toContain('"repeat":0');
    expect(JSON.parse(read('a', 'manifest.json')).options.repeats).toBe(3);
    // Asked for what is there, it is there; the directory has become that of the longer study.
    expect(await runRegression(options('a', { repeats: 3 }))).toEqual(summary);
    for (const [more, message] of [
      [{ repeats: 2 }, 'whose repeats is 3, got 2; choose another directory'],
      [{ repeats: 4, folds: 5 }, 'whose folds is 4, got 5'],
      [{ repeats: 4, methods: [{ features: 'path' }] }, 'whose methods is'],
    ] as const)
      await expect(runRegression(options('a', { ...more, extend: true }))).rejects.toThrow(message);
    expect(read('a', 'journal.jsonl')).toBe(after);
    expect(JSON.parse(read('a', 'summary.json'))).toEqual(summary);
  });

  it.each([
    ['methods', { methods: [] }, /at least one method/],
    ['a feature set', { methods: [{ features: 'pth' }] }, /did you mean path/],
    ['two methods of one name', { methods: [{ features: 'path' }, { features: 'path' }] }, /distinct names/],
    ['a model that nothing reads', { methods: [{ features: 'path', model: 'x' }] }, /no model for features path/],
    ['a baseline', { baseline: 'code' }, /as baseline, got code/],
    ['a size', { sizes: [20, 199] }, /at most \d+, the rows outside a fold.*got 199/],
    ['a population', { population: 10_000 }, /population of at most/],
    ['an option', { fold: 3 }, /did you mean folds/],
    ['embeddings', { methods: [{ embeddings: 'none.arrow' }] }, /expected embeddings at none.arrow, but ENOENT/],
  ])('refuses %s that makes no sense', async (_, more, message) => {
    await expect(runRegression(options('a', more as Partial<RegressionOptions>))).rejects.toThrow(message);
  });

  it('gives an error of a worker the code that it had there', async () => {
    // Searched for in the worker, at the first fit.
    process.env.COLE_XGBOOST = join(folder, 'no-library.so');
    try {
      const methods = [{ features: 'path', surrogate: { head: 'xgboost' as const } }];
      await expect(runRegression(options('a', { methods }))).rejects.toMatchObject({ code: 'ERR_ADDON' });
    } finally {
      delete process.env.COLE_XGBOOST;
    }
  });

  it('takes one column of a file with several', async () => {
    const { keys, rows } = fileToEmbeddings('e', readFileSync(join(folder, 'e.arrow')));
    const constant = { rows: matrix(keys.length, 2), metadata: {} };
    const columns = { mean: { rows, metadata: {} }, 'layer:3': constant };
    const path = join(folder, 'several.arrow');
    writeFileSync(path, embeddingColumnsToFile({ keys, columns, metadata: {} }));
    const methods = [
      { name: 'mine', embeddings: join(folder, 'e.arrow') },
      { name: 'mean', embeddings: `${path}#mean` },
      { name: 'layer', embeddings: `${path}#layer:3` },
    ];
    const { results } = await runRegression(options('columns', { methods }));
    const [mine, mean, layer] = methods.map(({ name }) =>
      results.filter(({ method }) => method === name).map(({ metrics }) => metrics),
    );
    expect(mine!.length).toBeGreaterThan(0);
    expect(mean).toEqual(mine);
    expect(layer).not.toEqual(mine);
    const without = [{ name: 'none', embeddings: path }];
    await expect(runRegression(options('none', { methods: without }))).rejects.toThrow(/got those of mean, layer:3/);
  });

  it('refuses the directory of another study, and vectors that have changed', async () => {
    await runRegression(options('a'));
    await expect(runRegression(options('a', { repeats: 2 }))).rejects.toThrow(/whose repeats is 1, got 2/);
    const journal = read('a', 'journal.jsonl').split('\n');
    rmSync(join(folder, 'a', 'summary.json'));
    writeFileSync(join(folder, 'a', 'journal.jsonl'), `${journal.slice(0, -3).join('\n')}\n`);
    const keys = readFileSync(table, 'utf8')
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(',')[0]!);
    writeFileSync(join(folder, 'e.arrow'), embeddingsToFile({ keys, rows: matrix(keys.length, 4), metadata: {} }));
    await expect(runRegression(options('a'))).rejects.toThrow(/expected the vectors of mine/);
  });
});
