/** What is refused as a run, and with which words; nothing is written then. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '#cole/report/index.js';
import { makeRun } from './runs.js';

let everything: string;
beforeAll(async () => {
  everything = await mkdtemp(join(tmpdir(), 'cole-report-'));
});
afterAll(() => rm(everything, { recursive: true, force: true }));

const folder = () => mkdtemp(join(everything, 'test-'));

describe('bad input', () => {
  const fails = async (runs: string[]) => {
    const out = join(await folder(), 'report.html');
    const error = await writeReport({ runs, out }).catch((thrown: unknown) => thrown as Error & { code: string });
    expect(error).toBeInstanceOf(Error);
    expect(await readdir(join(out, '..'))).toEqual([]);
    const { code, message } = error as Error & { code: string };
    return `${code} ${message}`;
  };

  it('that is no run directory', async () => {
    const root = await folder();
    expect(await fails([])).toContain('ERR_OPTION expected at least one run directory');
    expect(await fails([join(root, 'none')])).toMatch(/ERR_INPUT .*none, which does not exist/);
    expect(await fails([root])).toMatch(/ERR_INPUT .*which has no manifest\.json/);
    await writeFile(join(root, 'file'), '');
    expect(await fails([join(root, 'file')])).toMatch(/ERR_INPUT .*which is a file/);
  });

  it('of a screen', async () => {
    const run = await makeRun(await folder(), { name: 'one', skill: 0.5 });
    const path = join(run, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...manifest, options: { ...manifest.options, chunk: 8192 } }));
    expect(await fails([run])).toMatch(/ERR_INPUT expected runs of searches .*one, a screen/);
  });

  it.each([
    ['table', { hash: 'ff'.repeat(32) }],
    ['metric', { metric: 'latency' }],
  ])('that mixes more than one %s', async (aspect, other) => {
    const root = await folder();
    await makeRun(root, { name: 'one', skill: 0.5 });
    await makeRun(root, { name: 'two', skill: 0.5, ...other });
    expect(await fails([root])).toMatch(new RegExp(`ERR_INPUT expected runs with one ${aspect}.*one has.*two has`));
  });

  it('of runs without a finished trial', async () => {
    const root = await folder();
    await makeRun(root, { name: 'one', skill: 0.5, done: 0 });
    expect(await fails([root])).toMatch(/ERR_INPUT expected a run with at least one finished trial.*one/);
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, 300), 'expected JSON in'],
    ['of another version', (text: string) => text.replace('"version": 1', '"version": 2'), 'version 1 of the summary'],
    ['without a field', (text: string) => text.replace('"budget"', '"bugdet"'), 'for budget of'],
    [
      'with a null',
      (text: string) => text.replace(/"meanOfTrials": [\d.]+/, '"meanOfTrials": null'),
      'for targets[0].meanOfTrials of',
    ],
    [
      'with curves of other lengths',
      (text: string) => text.replace(/"mean": \[\s*[\d.]+,/, '"mean": ['),
      'expected 150 numbers for curve.mean of',
    ],
    [
      'with a share over one',
      (text: string) => text.replace(/"reached": [\d.]+/, '"reached": 7'),
      'a number from 0 to 1 for targets[0].reached of',
    ],
    ['that is a list', () => '[]', 'an object for the document of'],
  ])('of a summary %s', async (_, damage, message) => {
    const root = await folder();
    const path = join(await makeRun(root, { name: 'one', skill: 0.5 }), 'summary.json');
    const text = await readFile(path, 'utf8');
    const damaged = damage(text);
    expect(damaged).not.toBe(text);
    await writeFile(path, damaged);
    const error = await fails([root]);
    expect(error).toMatch(/^ERR_DATA /);
    expect(error).toContain(message);
    expect(error).toContain(path);
  });
});
