/** A search that reads code with a real language model, in workers that share one embedder. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { nasBench201 as space } from '#cole/spaces/index.js';
import { runSearch } from '#cole/study/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-code-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const table = join(folder, 'table.csv');
const value = (cell: readonly string[]) =>
  cell.reduce((sum, op, edge) => sum + (op === 'nor_conv_3x3' ? 3 + edge / 7 : op === 'skip_connect' ? 1 : 0), 70);
writeFileSync(
  table,
  `arch,val\n${[...space.enumerate()].map((cell) => `${space.print(cell)},${value(cell)}`).join('\n')}\n`,
);

it('gives the same trials for any number of workers, whether vectors are computed or come from the cache', async () => {
  const options = {
    table,
    metric: 'val',
    features: 'code/code+ngrams',
    model: 'all-minilm-l6-v2',
    pooling: 'mean',
    surrogate: { epochs: 15, hidden: [16], components: 16 },
    bananas: { candidates: 30 },
    budget: 30,
    trials: 3,
    seed: 5,
    heldOut: 10,
  } as const;
  const cache = join(folder, 'cache');
  const runs = [
    { workers: 1, cache: null },
    { workers: 2, cache },
    { workers: 3, cache, threads: 1 },
  ];
  const results: string[] = [];
  for (const [i, cores] of runs.entries()) {
    const out = join(folder, `run-${i}`);
    const summary = await runSearch({ ...options, ...cores, out });
    expect(summary).toMatchObject({ features: 'code/code+ngrams', model: 'all-minilm-l6-v2' });
    for (const stage of ['rendering', 'languageModel', 'tokenising', 'head']) {
      expect(summary.seconds[stage], stage).toBeGreaterThan(stage === 'tokenising' && i === 2 ? -1e-9 : 0);
    }
    expect(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).hashes.model).toEqual(expect.any(String));
    results.push(readFileSync(join(out, 'trials.csv'), 'utf8'));
  }
  expect(results[1]).toBe(results[0]);
  expect(results[2]).toBe(results[0]);
});

it('refuses a model that is not in the store before it makes a directory', async () => {
  const out = join(folder, 'absent');
  await expect(runSearch({ table, metric: 'val', model: 'no-such-model', out })).rejects.toThrow('no-such-model');
  expect(() => readFileSync(join(out, 'manifest.json'))).toThrow('ENOENT');
});
