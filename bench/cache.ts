/**
 * The embedding cache with many vectors in it: writing them in segments of `--batch`, then a fresh process that opens the
 * cache and looks every one of them up, in the order of writing and in a random one. Peak memory is that process's.
 *
 *   node dist/bench/cache.js [--rows 1000000] [--dimension 16] [--batch 16384] [--json]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { matrix, stream } from '#cole/base/index.js';
import { EmbeddingCache, textKey } from '#cole/lm/cache/cache.js';
import { parseFlags } from './parts/flags.js';

const flags = parseFlags({
  rows: { type: 'string', default: '1000000' },
  dimension: { type: 'string', default: '16' },
  /** Vectors of a segment. */
  batch: { type: 'string', default: '16384' },
  json: { type: 'boolean', default: false },
  child: { type: 'string' },
});
const rows = Number(flags.rows);
const dimension = Number(flags.dimension);
const batch = Number(flags.batch);
const keyOf = (index: number) => textKey(`text ${index}`);

function open(root: string): EmbeddingCache {
  return new EmbeddingCache({
    root,
    identity: '0'.repeat(32),
    dimension,
    limit: Number.POSITIVE_INFINITY,
    about: { model: 'bench', pooling: 'bench', precision: 'bench' },
    onWarning: (message) => {
      throw new Error(message);
    },
  });
}

async function write(root: string): Promise<number> {
  const cache = open(root);
  const start = performance.now();
  for (let from = 0; from < rows; from += batch) {
    const size = Math.min(batch, rows - from);
    const vectors = matrix(size, dimension);
    for (let i = 0; i < vectors.data.length; i++) vectors.data[i] = from + i;
    await cache.add(
      Array.from({ length: size }, (_, i) => keyOf(from + i)),
      vectors,
    );
  }
  await cache.close();
  return (performance.now() - start) / 1000;
}

async function read(root: string): Promise<void> {
  const keys = Array.from({ length: rows }, (_, index) => keyOf(index));
  const shuffled = stream('bench', 'cache').shuffle(keys.map((_, index) => index));
  const cache = open(root);
  const start = performance.now();
  await cache.refresh();
  const opened = performance.now();
  for (let index = 0; index < rows; index++) check(cache.get(keys[index]!), index);
  const inOrder = performance.now();
  for (const index of shuffled) check(cache.get(keys[index]!), index);
  const done = performance.now();
  for (let index = 0; index < rows; index++)
    if (cache.get(`${keys[index]}x`)) throw new Error('a key that is not there');
  const absent = performance.now() - done;
  await cache.close();
  const seconds = [opened - start, inOrder - opened, done - inOrder, absent].map((ms) => ms / 1000);
  const [openSeconds, orderedSeconds, randomSeconds, absentSeconds] = seconds;
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ openSeconds, orderedSeconds, randomSeconds, absentSeconds, peakMegabytes }));
}

function check(vector: Float32Array | undefined, index: number): void {
  const first = index - (index % batch) + (index % batch) * dimension;
  if (vector?.[0] !== Math.fround(first)) throw new Error(`expected ${first} for key ${index}, got ${vector?.[0]}`);
}

if (flags.child !== undefined) await read(flags.child);
else {
  const root = mkdtempSync(join(tmpdir(), 'cole-bench-cache-'));
  try {
    const writeSeconds = await write(root);
    const args = ['--rows', flags.rows, '--dimension', flags.dimension, '--batch', flags.batch, '--child', root];
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { encoding: 'utf8' });
    if (child.status !== 0) throw new Error(child.stderr);
    const found = JSON.parse(child.stdout) as Record<string, number>;
    const result = { stage: 'cache', rows, dimension, batch, writeSeconds, ...found };
    if (flags.json) console.log(JSON.stringify(result));
    else
      for (const [name, value] of Object.entries(result))
        console.log(`${name.padEnd(16)} ${typeof value === 'number' ? Number(value.toPrecision(3)) : value}`);
  } finally {
    rmSync(root, { recursive: true });
  }
}
