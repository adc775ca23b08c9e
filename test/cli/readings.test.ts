/** How a language model reads texts, as every command that embeds takes it: precision, pooling, echo and so on. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProgressEvent, runRegression } from '#cole/index.js';
import { tinyLlamaFolder } from '../lm/tiny.js';
import { cole } from './run.js';

const home = mkdtempSync(join(tmpdir(), 'cole-readings-'));
const run = (...args: string[]) => cole(args, { env: { COLE_HOME: home }, cwd: home });
const table = join(home, 'table.csv');
const model = ['--model', 'llama'];
const study = ['study', 'regression', '--table', table, '--metric', 'accuracy', '--models', 'llama', '--losses', 'mse'];
const short = ['--folds', '2', '--repeats', '1', '--sizes', '6', '--pcas', '4'];
const search = ['search', '--table', table, '--metric', 'accuracy', '--budget', '12', '--held-out', '0', ...model];

beforeAll(async () => {
  process.env.COLE_HOME = home;
  tinyLlamaFolder(join(home, 'llama'), { max_position_embeddings: 4096 });
  // The vectors of a model that is so small do not survive 8 bits well.
  const made = await run('models', 'add', join(home, 'llama'), '--precision', 'int8', '--force');
  expect(made).toMatchObject({ code: 0 });
  const { stdout } = await run('sample', '-n', '40', '--unique');
  writeFileSync(join(home, 'archs.jsonl'), stdout);
  const rows = stdout.trim().split('\n');
  writeFileSync(
    table,
    ['arch,accuracy', ...rows.map((row, i) => `${JSON.parse(row).arch},${(i * 37) % 41}`)].join('\n'),
  );
});
afterAll(() => {
  delete process.env.COLE_HOME;
  rmSync(home, { recursive: true });
});

describe('a regression study', () => {
  it('compares precisions and poolings by name', async () => {
    const lists = ['--poolings', 'mean,avg_avg', '--precisions', 'float32,int8', '--echo'];
    const result = await run(...study, ...short, ...lists, '--no-embedding-layer', '--out', 'study', '--json');
    expect(result).toMatchObject({ code: 0 });
    const { methods, results } = JSON.parse(result.stdout);
    expect(methods.map(({ name }: { name: string }) => name)).toEqual([
      'code llama mean float32 echo mse components=4',
      'code llama mean int8 echo mse components=4',
      'code llama avg_avg float32 no-embedding-layer echo mse components=4',
      'code llama avg_avg int8 no-embedding-layer echo mse components=4',
    ]);
    const taus = results.map(({ metrics }: { metrics: { spearman: { mean: number } } }) => metrics.spearman.mean);
    expect(new Set(taus).size).toBe(4);
  });

  it('runs the model once for several poolings, and gives what each gives alone', async () => {
    const methodOf = (pooling: 'mean' | 'avg_avg') => ({ model: 'llama', pooling, surrogate: { components: 4 } });
    const studyOf = async (out: string, ...poolings: ('mean' | 'avg_avg')[]) => {
      const events: ProgressEvent[] = [];
      const common = { table, metric: 'accuracy', folds: 2, repeats: 1, sizes: [6], cache: null };
      const methods = poolings.map(methodOf);
      const { results } = await runRegression(
        { ...common, methods, out: join(home, out) },
        { onProgress: (event) => events.push(event) },
      );
      const runs = events.filter(({ stage, done, total }) => stage === 'embed' && done === total).length;
      return { runs, metrics: results.map(({ metrics }) => metrics) };
    };
    const both = await studyOf('both', 'mean', 'avg_avg');
    const alone = [await studyOf('mean', 'mean'), await studyOf('avg', 'avg_avg')];
    expect([both.runs, ...alone.map(({ runs }) => runs)]).toEqual([1, 1, 1]);
    expect(both.metrics).toEqual(alone.flatMap(({ metrics }) => metrics));
  });

  it('scales vectors of files too', async () => {
    expect(await run('embed', join(home, 'archs.jsonl'), ...model, '--out', 'e.arrow')).toMatchObject({ code: 0 });
    const files = ['--embeddings', 'mine=e.arrow', '--scalings', 'none,zscore', '--out', 'scaled', '--json'];
    const result = await run(...study.filter((word) => !/llama|--models/.test(word)), ...short, ...files);
    expect(result).toMatchObject({ code: 0 });
    const { methods, results } = JSON.parse(result.stdout);
    const names = ['none', 'zscore'].map((scaling) => `mine ${scaling} mse 4`);
    expect(methods.map(({ name }: { name: string }) => name)).toEqual(names);
    expect(results[0].metrics.spearman).not.toEqual(results[1].metrics.spearman);
  });

  it.each([
    [['--precisions', 'in8'], 'in8; did you mean int8?'],
    [['--poolings', 'mean,men'], 'got men'],
    [['--features', 'path', '--poolings', 'mean'], 'expected features to which model llama applies, got none'],
    [['--poolings', 'mean', '--no-embedding-layer'], 'expected features to which embeddingLayer false applies'],
  ])('refuses %s before it makes a directory', async (args, message) => {
    const result = await run(...study, ...short, ...args, '--out', 'wrong');
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    expect(existsSync(join(home, 'wrong'))).toBe(false);
  });
});

describe('a search', () => {
  it('says what it read in its name and its manifest', async () => {
    const reading = ['--precision', 'int8', '--pool', 'mean', '--echo'];
    const result = await run(...search, ...reading, '--out', 'search', '--json');
    expect(result).toMatchObject({ code: 0 });
    expect(JSON.parse(result.stdout).method).toBe('bananas code paths llama mean int8 echo');
    const { options } = JSON.parse(readFileSync(join(home, 'search', 'manifest.json'), 'utf8'));
    expect(options.embedder).toEqual({
      model: 'llama',
      pooling: 'mean',
      precision: 'int8',
      embeddingLayer: true,
      specialTokens: true,
      echo: true,
      maxTokens: 2048,
      onLong: 'error',
    });
  });

  it.each([
    [['--features', 'path', '--precision', 'int8'], 'features path, which read no text with a language model'],
    [['--pool', 'mean', '--no-embedding-layer'], 'expected pooling avg_avg'],
    [['--precision', 'int4'], 'cole models pull llama --precision int4'],
  ])('refuses %s before it makes a directory', async (args, message) => {
    const result = await run(...search.slice(0, -2), ...(args.includes('path') ? [] : model), ...args, '--out', 'no');
    expect(result.code).toBeGreaterThan(0);
    expect(result.stderr).toContain(message);
    expect(existsSync(join(home, 'no'))).toBe(false);
  });
});

describe('a text over the limit', () => {
  const narrow = ['--max-tokens', '12'];
  const long = /warning: \d+ texts were longer than the limit and were (cut|split into windows)/;

  it('ends a study, or is cut or split and counted', async () => {
    const args = [...study, ...short, ...narrow, '--json'];
    const refused = await run(...args, '--out', 'long');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/at most 12 tokens .*--on-long truncate/) });
    const cut = await run(...args, '--on-long', 'truncate', '--out', 'cut');
    expect(cut).toMatchObject({ code: 0, stderr: expect.stringMatching(long) });
    expect(JSON.parse(cut.stdout).methods[0].name).toBe('code llama max-tokens=12 truncate mse components=4');
  });

  it('is counted once by a search, however often it is asked for', async () => {
    const result = await run(...search, ...narrow, '--on-long', 'chunk', '--batch', '2', '--out', 'split', '--json');
    expect(result).toMatchObject({ code: 0, stderr: expect.stringMatching(long) });
    expect(JSON.parse(result.stdout).method).toBe('bananas code paths llama max-tokens=12 chunk');
    // Of the table's 40 rows and their mutants in it.
    expect(Number(/warning: (\d+) texts/.exec(result.stderr)![1])).toBeLessThanOrEqual(40);
  });
});

it('a screen reads in the precision that it is told', async () => {
  const args = ['screen', '--space', 'nas-bench-201', '-n', '30', '--table', table, '--metric', 'accuracy', ...model];
  const screen = (...more: string[]) => run(...args, '--full', '100%', '--json', ...more);
  const result = await screen('--precision', 'int8', '--pool', 'last_token', '--out', 'screen');
  expect(result).toMatchObject({ code: 0 });
  const { options } = JSON.parse(readFileSync(join(home, 'screen', 'manifest.json'), 'utf8'));
  expect(options.reading).toMatchObject({ model: 'llama', precision: 'int8', pooling: 'last_token' });
  const none = await screen('--features', 'ngrams', '--precision', 'int8', '--out', 'none');
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('expected no precision for features ngrams') });
  expect(await screen('--echo', '--out', 'none')).toMatchObject({ code: 2 });
});
