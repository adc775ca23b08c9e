/** Searches on the table of einspace: candidates are its rows, whatever the strategy. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { embeddingsToFile } from '#cole/arrow/index.js';
import { matrix } from '#cole/base/index.js';
import { benchmarkSpace, openBenchmark } from '#cole/objectives/index.js';
import { space } from '#cole/spaces/index.js';
import { type RunSearchOptions, runRegression, runSearch } from '#cole/study/index.js';

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

describe('a regression study on einspace-digits', () => {
  it('takes vectors by the keys of architectures, as cole embed writes them', { timeout: 60_000 }, async () => {
    const chosen = space(common.space);
    const { archs } = await openBenchmark(benchmark, chosen);
    const networks = archs.map((arch) => chosen.parse(arch));
    const { length } = chosen.encodings.counts!;
    const rows = matrix(archs.length, length);
    networks.forEach((network, i) => {
      rows.data.set(chosen.encodings.counts!.encode(network), i * length);
    });
    const file = join(folder, 'counts.arrow');
    // All rows of the table, those of failed trainings and those outside the population among them.
    writeFileSync(file, embeddingsToFile({ keys: networks.map((each) => chosen.key(each)), rows, metadata: {} }));
    const out = join(folder, 'vectors');
    const methods = [
      { features: 'counts', surrogate },
      { name: 'file', embeddings: file, surrogate },
    ];
    const { testMetric: _, ...table } = common;
    const study = { ...table, methods, sizes: [50], folds: 4, repeats: 1, population: 300, out };
    const { results } = await runRegression(study);
    const [own, fromFile] = results.map(({ metrics }) => metrics.tau!.mean);
    expect(fromFile).toBe(own);
    expect(own).toBeGreaterThan(0.3);
  });
});
