/** Tables that a search cannot use: an error that names the thing, exit code 2 or 1, and no run directory left behind. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cole, jsonLines, temporaryFolder } from './run.js';

const archs = async (count: number) =>
  jsonLines((await cole(['sample', '-n', String(count), '--unique'])).stdout).map(({ arch }) => String(arch));

async function search(lines: readonly string[], args: readonly string[] = [], name = 'table.csv') {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, name), `${lines.join('\n')}\n`);
  const base = [
    'search',
    '--table',
    name,
    '--metric',
    'accuracy',
    '--strategy',
    'random',
    '--budget',
    '5',
    '--out',
    'run',
  ];
  const result = await cole([...base, ...args], { cwd });
  return { ...result, cwd, started: existsSync(join(cwd, 'run')) };
}

describe('search on a table', () => {
  it('works, and names its run directory', async () => {
    const [a, b, c, d, e, f] = await archs(6);
    const rows = [a, b, c, d, e, f].map((arch, i) => `${arch},${90 + i / 10}`);
    const { code, stderr, stdout, cwd } = await search(
      ['arch,accuracy', ...rows],
      ['--trials', '2', '--held-out', '0'],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('run directory: run')]);
    expect(stdout).toContain('random');
    expect(readdirSync(join(cwd, 'run'))).toEqual(
      expect.arrayContaining(['journal.jsonl', 'manifest.json', 'summary.json', 'trials.csv']),
    );
  });
  it('has one directory for a committee, whose name no file system reads as two', async () => {
    const lines = (await archs(40)).map((arch, i) => `${arch},${i}`);
    const { cwd } = await search(['arch,accuracy', ...lines]);
    const args = ['search', '--table', 'table.csv', '--metric', 'accuracy', '--features', 'path/ngrams'];
    const { code, stdout } = await cole([...args, '--budget', '30', '--held-out', '0'], { cwd });
    expect([code, stdout]).toEqual([0, expect.stringContaining('path/ngrams')]);
    expect(readdirSync(join(cwd, 'runs'))).toEqual([expect.stringMatching(/^bananas-path-ngrams-[0-9a-f]{8}$/)]);
  });
  it('refuses an unknown metric, naming the nearest', async () => {
    const [arch] = await archs(1);
    const { code, stderr, started } = await search(['arch,acuracy', `${arch},90`]);
    expect([code, started]).toEqual([2, false]);
    expect(stderr).toContain('did you mean acuracy?');
  });
  it('refuses an empty table', async () => {
    const { code, stderr, started } = await search(['arch,accuracy']);
    expect([code, started]).toEqual([1, false]);
    expect(stderr).toMatch(/table\.csv, got no row/);
  });
  it('refuses a value that is not a number, naming the line', async () => {
    const [a, b] = await archs(2);
    for (const value of ['nan', 'NaN', 'inf', 'high']) {
      const { code, stderr, started } = await search(['arch,accuracy', `${a},90`, `${b},${value}`]);
      expect([code, started, value]).toEqual([1, false, value]);
      expect(stderr).toContain('line 3');
    }
  });
  it('refuses rows of one architecture that disagree', async () => {
    const [a] = await archs(1);
    const { code, stderr, started } = await search(['arch,accuracy', `${a},90`, `${a},91`]);
    expect([code, started]).toEqual([1, false]);
    expect(stderr).toContain('90 (line 2) and 91 (line 3)');
    expect((await search(['arch,accuracy', `${a},90`, `${a},90`])).code).toBe(0);
  });
  it('refuses an architecture that cannot be parsed, naming the line', async () => {
    const [a] = await archs(1);
    const { code, stderr, started } = await search(['arch,accuracy', `${a},90`, '|conv9x9~0|,90']);
    expect([code, started]).toEqual([2, false]);
    expect(stderr).toContain('line 3 of table.csv');
  });
  it('refuses a table that is not there, or of an unknown kind', async () => {
    const { code, stderr } = await cole(['search', '--table', 'absent.csv', '--metric', 'x', '--strategy', 'random']);
    expect(code).toBe(2);
    expect(stderr).toContain('absent.csv');
    expect((await search(['x'], ['--table', 'table.xls'])).code).toBe(2);
  });
  it('refuses words that no option knows', async () => {
    const [a] = await archs(1);
    const table = ['arch,accuracy', `${a},90`];
    for (const [flags, hint] of [
      [['--strategy', 'banana'], 'did you mean bananas?'],
      [['--strategy', 'bananas', '--features', 'pth'], 'did you mean path?'],
      [['--strategy', 'bananas', '--features', 'path/ngram'], 'did you mean ngrams?'],
      [['--strategy', 'bananas', '--features', 'path/path'], 'path twice'],
      [['--strategy', 'bananas', '--features', 'path', '--acquisition', 'itz'], 'its'],
      [['--strategy', 'bananas', '--features', 'path', '--loss', 'mae'], 'mse'],
      [['--features', 'path'], 'random'],
    ] as const) {
      const { code, stderr, started } = await search(table, flags);
      expect([code, started, flags]).toEqual([2, false, flags]);
      expect(stderr).toContain(hint);
    }
  });
  it('refuses a directory that holds another run', async () => {
    const all = await archs(6);
    const lines = ['arch,accuracy', ...all.map((arch, i) => `${arch},${i}`)];
    const { cwd } = await search(lines);
    const again = ['search', '--table', 'table.csv', '--metric', 'accuracy', '--strategy', 'random', '--out', 'run'];
    const { code, stderr } = await cole([...again, '--budget', '6'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('budget is 5, got 6');
    expect((await cole([...again, '--budget', '5'], { cwd })).code).toBe(0);
  });
});
