/** `cole fit` and `cole predict`, on path encodings in place of a language model's vectors. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embeddingsToFile, fileToColumns } from '#cole/arrow/index.js';
import { matrix, stream } from '#cole/base/index.js';
import { benchmarkSpace, openBenchmark } from '#cole/objectives/index.js';
import { space } from '#cole/spaces/index.js';
import { cole, jsonLines, temporaryFolder } from './run.js';

const nasBench201 = space('nas-bench-201');
const encoding = nasBench201.encodings.path!;
const rng = stream('heads test');
const archs = Array.from({ length: 400 }, () => nasBench201.sample(rng));
const keys = archs.map((arch) => nasBench201.print(arch));
/** Something that a head can learn from paths. */
const value = (key: string) => 50 + 10 * key.split('conv_3x3').length + 3 * key.split('conv_1x1').length;

function folder(): string {
  const cwd = temporaryFolder();
  const rows = matrix(archs.length, encoding.length);
  archs.forEach((arch, i) => {
    rows.data.set(encoding.encode(arch), i * encoding.length);
  });
  writeFileSync(join(cwd, 'e.arrow'), embeddingsToFile({ keys, rows, metadata: { embedder: 'path' } }));
  writeFileSync(join(cwd, 'other.arrow'), embeddingsToFile({ keys, rows, metadata: { embedder: 'another' } }));
  const lines = [...new Set(keys)].slice(0, 300).map((key) => `${key},${value(key)},${100 - value(key) ** 2}`);
  writeFileSync(join(cwd, 'table.csv'), `arch,accuracy,loss\n${lines.join('\n')}\n`);
  return cwd;
}

const fit = ['fit', '--embeddings', 'e.arrow', '--table', 'table.csv', '--metric', 'accuracy', '--out', 'head.arrow'];
const predict = ['predict', '--head', 'head.arrow', '--embeddings', 'e.arrow'];

describe('heads', () => {
  it('are fitted, judged, written and asked', async () => {
    const cwd = folder();
    const { code, stdout, stderr } = await cole([...fit, '--json', '--held-out', '0.25'], { cwd });
    expect(code).toBe(0);
    const statistics = JSON.parse(stdout);
    expect(statistics).toMatchObject({ head: 'head.arrow', missing: expect.any(Number) });
    expect(statistics.rows + statistics.heldOutRows + statistics.missing).toBe(keys.length);
    expect(statistics.heldOutTau).toBeGreaterThan(0.5);
    expect(stderr).toContain(`${statistics.missing} of ${keys.length} rows`);
    const scores = jsonLines((await cole(predict, { cwd })).stdout);
    expect(scores.map(({ key }) => key)).toEqual(keys);
    expect(scores.every(({ mean, std }) => Number.isFinite(mean) && Number.isFinite(std))).toBe(true);
  });
  it('learn from a benchmark of einspace by the keys that cole embed writes', async () => {
    const cwd = temporaryFolder();
    const einspace = space(benchmarkSpace('einspace-digits'));
    const table = await openBenchmark('einspace-digits', einspace);
    const networks = table.archs.slice(0, 300).map((arch) => einspace.parse(arch));
    const { counts } = einspace.encodings;
    const rows = matrix(networks.length, counts!.length);
    networks.forEach((network, i) => {
      rows.data.set(counts!.encode(network), i * counts!.length);
    });
    const own = networks.map((network) => einspace.key(network));
    writeFileSync(join(cwd, 'e.arrow'), embeddingsToFile({ keys: own, rows, metadata: { embedder: 'counts' } }));
    const command = ['fit', '--embeddings', 'e.arrow', '--benchmark', 'einspace-digits', '--out', 'h', '--json'];
    const { stdout, stderr } = await cole([...command, '--held-out', '0.2', '--standardize', 'zscore'], { cwd });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).heldOutTau).toBeGreaterThan(0.3);
    const scores = jsonLines((await cole(['predict', '--head', 'h', '--embeddings', 'e.arrow'], { cwd })).stdout);
    expect(scores.map(({ key }) => key)).toEqual(own);
  });
  it('of every kind are asked as JSON lines or as an Arrow file', async () => {
    const cwd = folder();
    for (const options of [['--head', 'ridge'], ['--head', 'gp', '--pca', '16', '--whiten', '0.01'], []]) {
      expect((await cole([...fit, ...options, '--seed', '3'], { cwd })).code).toBe(0);
      const lines = jsonLines((await cole(predict, { cwd })).stdout);
      expect((await cole([...predict, '--out', 'scores.arrow'], { cwd })).stdout).toBe('');
      const told = await cole([...predict, '--out', 'scores.arrow', '--json'], { cwd });
      expect(JSON.parse(told.stdout)).toEqual({ scores: 'scores.arrow', rows: lines.length });
      const { columns, metadata } = fileToColumns('scores', readFileSync(join(cwd, 'scores.arrow')));
      expect(metadata.metric).toBe('accuracy');
      for (const name of ['key', 'mean', 'std'])
        expect(columns.get(name)!.values).toEqual(lines.map((line) => line[name]));
    }
  });
  it('are what a search fits, named in its method', async () => {
    const cwd = folder();
    const search = ['search', '--table', 'table.csv', '--metric', 'accuracy', '--features', 'path', '--budget', '30'];
    const { code, stdout } = await cole([...search, '--head', 'gp', '--held-out', '40', '--json'], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ method: 'bananas path gp', trials: { done: 1 } });
    const preset = await cole([...search, '--head', 'ridge', '--preset', 'naslib', '--json'], { cwd });
    expect([preset.code, preset.stderr]).toEqual([0, '']);
    const wrong = await cole([...search, '--head', 'gpp'], { cwd });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('did you mean gp')]);
  });
  it('have as many members in a study as it says, the parts of a committee each', async () => {
    const cwd = folder();
    const study = [
      'study',
      'regression',
      '--table',
      'table.csv',
      '--metric',
      'accuracy',
      '--sizes',
      '10',
      '--folds',
      '2',
    ];
    const args = [...study, '--repeats', '1', '--features', 'path,path/adjacency', '--ensembles', '1,2', '--json'];
    const { code, stdout } = await cole(args, { cwd });
    expect(code).toBe(0);
    const { methods, results } = JSON.parse(stdout);
    expect(methods.map(({ name }: { name: string }) => name)).toEqual([
      'path members=1',
      'path members=2',
      'path/adjacency members=1',
      'path/adjacency members=2',
    ]);
    // A single network has no one to disagree with; two parts of one network each have.
    const coverage = results.map(({ metrics }: { metrics: { coverage: { mean: number } } }) => metrics.coverage?.mean);
    expect(coverage[0] ?? null).toBeNull();
    for (const each of coverage.slice(1)) expect(each).toBeGreaterThan(0);
    const ridge = await cole([...args, '--heads', 'ridge'], { cwd });
    expect([ridge.code, ridge.stderr]).toEqual([2, expect.stringContaining('head ridge')]);
  });
  it('name the head that has no such option, and the library that is not there', async () => {
    const cwd = folder();
    const loss = await cole([...fit, '--head', 'ridge', '--loss', 'mse'], { cwd });
    expect([loss.code, loss.stderr]).toEqual([2, expect.stringContaining('head ridge')]);
    const none = await cole([...fit, '--head', 'xgboost'], { cwd, env: { COLE_XGBOOST: '/nowhere/libxgboost.so' } });
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('/nowhere/libxgboost.so')]);
    const nowhere = { COLE_PYTHON: '/nowhere/python', LD_LIBRARY_PATH: '' };
    const absent = await cole([...fit, '--head', 'xgboost'], { cwd, env: nowhere });
    // A machine may have it where its loader looks.
    if (absent.code !== 0) expect(absent.stderr).toMatch(/pip install xgboost.*COLE_XGBOOST/);
  });
  it('learn a companion of the metric', async () => {
    const cwd = folder();
    const scores = async (options: string[]) => {
      expect((await cole([...fit, '--loss', 'mse', ...options], { cwd })).code).toBe(0);
      return jsonLines((await cole(predict, { cwd })).stdout).map(({ mean }) => mean);
    };
    expect(await scores(['--companion', 'loss'])).not.toEqual(await scores([]));
    const ridge = await cole([...fit, '--head', 'ridge', '--companion', 'loss'], { cwd });
    expect([ridge.code, ridge.stderr]).toEqual([2, expect.stringContaining('expected head mlp')]);
    const unknown = await cole([...fit, '--companion', 'los'], { cwd });
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('los')]);
  });
  it('are the same for the same seed and any number of threads', async () => {
    const cwd = folder();
    const bytes = async (args: string[]) => {
      expect((await cole([...fit, ...args], { cwd })).code).toBe(0);
      return [readFileSync(join(cwd, 'head.arrow')), (await cole(predict, { cwd })).stdout] as const;
    };
    const [one, two, other] = [
      await bytes(['--threads', '1']),
      await bytes(['--threads', '3']),
      await bytes(['--seed', '1']),
    ];
    expect(two[0].equals(one[0])).toBe(true);
    expect(two[1]).toBe(one[1]);
    expect(other[1]).not.toBe(one[1]);
  });
  it('refuse embeddings of another language model, and files that are none', async () => {
    const cwd = folder();
    await cole(fit, { cwd });
    const other = await cole([...predict.slice(0, -1), 'other.arrow'], { cwd });
    expect([other.code, other.stdout]).toEqual([2, '']);
    expect(other.stderr).toContain('"embedder","another"');
    const none = await cole(['predict', '--head', 'e.arrow', '--embeddings', 'e.arrow'], { cwd });
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('expected a head that cole fit wrote at e.arrow');
    const absent = await cole(['predict', '--head', 'absent.arrow', '--embeddings', 'e.arrow'], { cwd });
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('absent.arrow')]);
    writeFileSync(join(cwd, 'short.arrow'), readFileSync(join(cwd, 'head.arrow')).subarray(0, 500));
    const short = await cole(['predict', '--head', 'short.arrow', '--embeddings', 'e.arrow'], { cwd });
    expect([short.code, short.stderr]).toEqual([1, expect.stringContaining('short.arrow')]);
  });
  it('refuse what is missing or unknown', async () => {
    const cwd = folder();
    const no = await cole(['fit', '--embeddings', 'e.arrow', '--out', 'h'], { cwd });
    expect([no.code, no.stderr]).toEqual([2, expect.stringContaining('--metric')]);
    const loss = await cole([...fit, '--loss', 'mae'], { cwd });
    expect([loss.code, loss.stderr]).toEqual([2, expect.stringContaining('mae')]);
    const metric = await cole(
      fit.map((word) => (word === 'accuracy' ? 'acuracy' : word)),
      { cwd },
    );
    expect([metric.code, metric.stderr]).toEqual([2, expect.stringContaining('did you mean accuracy?')]);
  });
});
