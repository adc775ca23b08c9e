/** A small table of networks with made-up values, and screens on it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { columnsToFile } from '#cole/arrow/index.js';
import { stream } from '#cole/base/index.js';
import { type RunScreenHooks, readTop, runScreen, type ScreenOptions } from '#cole/index.js';
import { einspace, parseSettings, space, traceOf } from '#cole/spaces/index.js';

export const folder = mkdtempSync(join(tmpdir(), 'cole-screen-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const name = 'einspace:1x8x8,maxParameters=200000';
const table = join(folder, 'known.arrow');
const metric = 'value';
{
  // A value that counts say something about, with noise that nothing does.
  const small = space(name);
  const rng = stream('screen table');
  const archs = [...new Set(Array.from({ length: 110 }, () => small.print(small.sample(rng))))];
  const values = archs.map((text) => {
    const { code, parameters } = traceOf(einspace(parseSettings(name.slice(9))).parse(text));
    return Math.log1p(parameters) + 3 * Math.log1p(code.length) + rng.normal();
  });
  writeFileSync(table, columnsToFile({ arch: archs, [metric]: Float64Array.from(values) }));
}

let runs = 0;
export const common = { space: name, table, metric, count: 800, chunk: 100, top: 40 } as const;
export const cascade = { ...common, features: 'ngrams', first: 'counts', full: '20%' } as const;
export const fresh = () => join(folder, `run-${runs++}`);
export const screen = async (options: Omit<ScreenOptions, 'out'>, out = fresh(), hooks: RunScreenHooks = {}) => ({
  out,
  summary: await runScreen({ ...options, out }, hooks),
});
export const outcome = async (out: string) => ({
  top: await readTop(out),
  counts: { ...JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')), seconds: undefined },
});
