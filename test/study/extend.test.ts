/** Searches that get more trials and a greater budget: what comes out is the search that had them from the start. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nasBench201 as space } from '#cole/spaces/index.js';
import { type RunSearchOptions, runSearch } from '#cole/study/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-extend-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const table = join(folder, 'table.csv');
const rows = [...space.enumerate()].flatMap((cell, id) =>
  // One in five is missing: batches have misses.
  id % 5 === 0
    ? []
    : [`${space.print(cell)},${80 + cell.filter((op) => op === 'nor_conv_3x3').length + (id % 97) / 97}`],
);
writeFileSync(table, `arch,val\n${rows.join('\n')}\n`);

let directories = 0;
const directory = () => join(folder, `run-${directories++}`);
const read = (out: string, name: string) => readFileSync(join(out, name), 'utf8');
const surrogate = { epochs: 8, hidden: [16], components: 16 };
type Options = Omit<RunSearchOptions, 'out'>;
/** 33 is no multiple of the batch: the last batches of a trial are cut short. */
const short = { table, metric: 'val', budget: 33, trials: 2, heldOut: 20, seed: 5 };
const longer = { budget: 51, trials: 3, extend: true };

describe('a search that is extended', () => {
  it.each<[string, Partial<Options>]>([
    ['bananas', { features: 'path', surrogate }],
    ['evolution in batches', { strategy: 'evolution', batch: 10 }],
    ['random', { strategy: 'random' }],
  ])('%s comes to the search that was longer from the start', { timeout: 60_000 }, async (_, method) => {
    const [whole, out] = [directory(), directory()];
    await runSearch({ ...short, ...method, budget: 51, trials: 3, out: whole });
    await runSearch({ ...short, ...method, out });
    const before = read(out, 'journal.jsonl');
    const summary = await runSearch({ ...short, ...method, ...longer, out });
    expect(summary.trials).toEqual({ planned: 3, done: 3 });
    expect(summary.budget).toBe(51);
    expect(read(out, 'trials.csv')).toBe(read(whole, 'trials.csv'));
    expect(summary.curve).toEqual(JSON.parse(read(whole, 'summary.json')).curve);
    expect(read(out, 'journal.jsonl').startsWith(before)).toBe(true);
    expect(JSON.parse(read(out, 'manifest.json')).options).toMatchObject({ budget: 51, trials: 3 });
    // It is the longer one now, finished.
    expect(await runSearch({ ...short, ...method, budget: 51, trials: 3, out })).toEqual(summary);
  });

  it('in the middle of its way goes on as the longer one', { timeout: 60_000 }, async () => {
    const method = { features: 'path', surrogate };
    const [whole, out] = [directory(), directory()];
    await runSearch({ ...short, ...method, budget: 51, trials: 3, out: whole });
    const stop = new AbortController();
    const onProgress = ({ done }: { done: number }) => done > 20 && stop.abort();
    await expect(runSearch({ ...short, ...method, out }, { onProgress, signal: stop.signal })).rejects.toMatchObject({
      code: 'ERR_INTERRUPTED',
    });
    await runSearch({ ...short, ...method, ...longer, out });
    expect(read(out, 'trials.csv')).toBe(read(whole, 'trials.csv'));
  });

  it('killed between journal and manifest is still the shorter one, and can be extended again', {
    timeout: 60_000,
  }, async () => {
    const method = { strategy: 'random' } as const;
    const [shorter, whole, out] = [directory(), directory(), directory()];
    await runSearch({ ...short, ...method, out: shorter });
    await runSearch({ ...short, ...method, budget: 51, trials: 3, out: whole });
    cpSync(shorter, out, { recursive: true });
    const stop = new AbortController();
    stop.abort();
    await expect(runSearch({ ...short, ...method, ...longer, out }, { signal: stop.signal })).rejects.toThrow();
    rmSync(join(out, 'summary.json'), { force: true });
    const journal = join(out, 'journal.jsonl');
    writeFileSync(journal, `${read(out, 'journal.jsonl')}{"type":"extend","budget":33,"batch":10}\n`);
    cpSync(join(shorter, 'manifest.json'), join(out, 'manifest.json'));
    await runSearch({ ...short, ...method, out });
    expect(read(out, 'trials.csv')).toBe(read(shorter, 'trials.csv'));
    await runSearch({ ...short, ...method, ...longer, out });
    expect(read(out, 'trials.csv')).toBe(read(whole, 'trials.csv'));
  });

  it('is refused where anything else differs, or would be taken back', { timeout: 60_000 }, async () => {
    const out = directory();
    const method = { strategy: 'random' } as const;
    await runSearch({ ...short, ...method, out });
    const files = ['manifest.json', 'summary.json', 'journal.jsonl'].map((name) => read(out, name));
    for (const [change, message] of [
      [{ budget: 32 }, 'whose budget is 33, got 32; choose another directory'],
      [{ trials: 1, budget: 40 }, 'whose trials is 2, got 1'],
      [{ budget: 40, seed: 6 }, 'whose seed is 5, got 6'],
      [{ budget: 40, batch: 5 }, 'whose batch is 10, got 5'],
      [{ budget: 40, extend: false }, 'whose budget is 33, got 40; choose another directory, or extend the run'],
    ] as const)
      await expect(runSearch({ ...short, ...method, extend: true, ...change, out })).rejects.toThrow(message);
    expect(['manifest.json', 'summary.json', 'journal.jsonl'].map((name) => read(out, name))).toEqual(files);
    // A directory that is not there yet is begun.
    const fresh = directory();
    await runSearch({ ...short, ...method, extend: true, out: fresh });
    expect(read(fresh, 'trials.csv')).toBe(read(out, 'trials.csv'));
    expect(existsSync(join(fresh, 'summary.json'))).toBe(true);
  });
});
