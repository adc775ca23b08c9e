/** Searches on the table of einspace: candidates are its rows, whatever the strategy. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { benchmarkSpace } from '#cole/objectives/index.js';
import { type RunSearchOptions, runSearch } from '#cole/study/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-einspace-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const benchmark = 'einspace-digits';
const common = { benchmark, space: benchmarkSpace(benchmark), metric: 'val_accuracy', testMetric: 'test_accuracy' };
const surrogate = { epochs: 15, hidden: [16], components: 16 };

const methods: readonly Partial<RunSearchOptions>[] = [
  { strategy: 'random' },
  { strategy: 'evolution', evolution: { population: 15 } },
  { features: 'counts', surrogate },
  { features: 'derivation+ngrams', surrogate },
];

describe('search on einspace-digits', () => {
  it.each(methods)(
    '%j evaluates distinct rows, the same for any number of workers',
    { timeout: 60_000 },
    async (method) => {
      const results = [];
      for (const workers of [1, 2]) {
        const out = join(folder, `${results.length}-${Object.values(method)[0]}`);
        const options = { ...common, ...method, budget: 40, trials: 2, heldOut: 50, workers, out };
        const summary = await runSearch(options as RunSearchOptions);
        // Only rows whose training came to nothing would be missing, and those are no candidates.
        expect(summary.misses).toBe(0);
        expect(summary.curve.mean.at(-1)).toBeGreaterThan(summary.curve.mean[4]!);
        results.push(readFileSync(join(out, 'trials.csv'), 'utf8'));
      }
      expect(results[1]).toBe(results[0]);
      expect(results[0]!.trim().split('\n')).toHaveLength(81);
    },
  );
});
