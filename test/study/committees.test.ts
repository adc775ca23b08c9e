/** Studies and searches whose features are a committee: the same for any number of workers, resumable, named as asked. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runRegression, runSearch, space } from '#cole/index.js';
import { planSearch } from '#cole/study/options.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-committees-'));
afterAll(() => rmSync(folder, { recursive: true }));
const nas = space('nas-bench-201');
const archs = [...nas.enumerate!()].map((arch) => nas.print(arch));
const value = (arch: string) => 10 * arch.split('nor_conv_3x3').length + arch.split('skip').length;
const table = join(folder, 'table.csv');
writeFileSync(table, `arch,accuracy\n${archs.map((arch, i) => `${arch},${value(arch) + (i % 3)}`).join('\n')}\n`);
const read = (out: string, name: string) => readFileSync(join(folder, out, name), 'utf8');
const common = { table, metric: 'accuracy' };
const small = { epochs: 15, hidden: [16], components: 16 };

describe('a study of regression', () => {
  const methods = [{ features: 'path' }, { features: 'ngrams/path+ngrams' }];
  const study = (out: string, workers: number) =>
    runRegression({
      ...common,
      methods,
      sizes: [20],
      population: 150,
      folds: 3,
      repeats: 1,
      workers,
      out: join(folder, out),
    });

  it('has committees as methods', async () => {
    const { results } = await study('one', 1);
    const [path, committee] = methods.map(({ features }) => results.find(({ method }) => method === features)!);
    expect(committee!.metrics.tau!.mean).toBeGreaterThan(path!.metrics.tau!.mean);
    await study('two', 2);
    expect(read('two', 'trials.csv')).toBe(read('one', 'trials.csv'));
    rmSync(join(folder, 'one', 'summary.json'));
    const journal = read('one', 'journal.jsonl').split('\n').slice(0, 4);
    writeFileSync(join(folder, 'one', 'journal.jsonl'), `${journal.join('\n')}\n`);
    await study('one', 2);
    expect(read('one', 'trials.csv')).toBe(read('two', 'trials.csv'));
  });
});

describe('a search', () => {
  const search = (out: string, more: object = {}) =>
    runSearch({
      ...common,
      features: 'path/ngrams',
      surrogate: small,
      budget: 40,
      trials: 2,
      heldOut: 30,
      out: join(folder, out),
      ...more,
    });

  it('has a committee as surrogate', async () => {
    const summary = await search('search', { workers: 1 });
    expect(summary).toMatchObject({ method: 'bananas path/ngrams', features: 'path/ngrams' });
    await search('again', { workers: 2, threads: 2 });
    expect(read('again', 'trials.csv')).toBe(read('search', 'trials.csv'));
    await search('other', { features: 'path+ngrams' });
    expect(read('other', 'trials.csv')).not.toBe(read('search', 'trials.csv'));
    await search('search', { budget: 50, extend: true });
    await search('whole', { budget: 50 });
    expect(read('search', 'trials.csv')).toBe(read('whole', 'trials.csv'));
    await expect(search('search', { budget: 50, features: 'ngrams/path' })).rejects.toThrow('features');
  });

  it('scales embeddings by themselves as their model wants it, and says so in the manifest', () => {
    const plan = (features: string, model: string, more: object = {}) =>
      planSearch({ ...common, features, model, ...more }).features;
    const [minilm, smol] = ['all-minilm-l6-v2', 'smollm2-135m'];
    expect(plan('path/code', smol!)).toMatchObject({ spec: 'path/code', scaling: null, codeScaling: 'zscore' });
    expect(plan('path/code', smol!, { scaling: 'l2' })).toEqual({ spec: 'path/code', style: 'paths', scaling: 'l2' });
    for (const [spec, model] of [
      ['path/code', minilm!],
      ['path/code+path', smol!],
      ['code+path', smol!],
    ] as const)
      expect(plan(spec, model)).toEqual({ spec, style: 'paths', scaling: null });
    expect(plan('code', smol!)).toEqual({ spec: 'code', style: 'paths', scaling: 'zscore' });
  });
});
