/** The embedding cache under many processes, kills, limits and disks that refuse. */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { matrix, packageFile } from '#cole/base/index.js';
import { EmbeddingCache, textKey } from '#cole/lm/cache/cache.js';
import { clearCache, listCache, trimCache } from '#cole/lm/cache/folders.js';

const dimension = 4;
const identity = 'a'.repeat(32);
let root: string;
let warnings: string[];

beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'cole-cache-')), 'embeddings');
  warnings = [];
});
afterEach(() => rmSync(join(root, '..'), { recursive: true }));

const folder = (of = identity) => join(root, of);
const segments = (of = identity) => readdirSync(folder(of)).filter((name) => name.endsWith('.arrow'));

function open(options: { identity?: string; limit?: number } = {}): EmbeddingCache {
  const about = { model: 'tiny', pooling: 'mean', precision: 'float32' };
  const onWarning = (message: string) => warnings.push(message);
  return new EmbeddingCache({
    root,
    identity,
    dimension,
    limit: Number.POSITIVE_INFINITY,
    about,
    onWarning,
    ...options,
  });
}

/** Vectors that say which text they are of. */
async function add(cache: EmbeddingCache, ...numbers: number[]): Promise<void> {
  const rows = matrix(numbers.length, dimension);
  numbers.forEach((number, i) => {
    rows.data.fill(number, i * dimension, (i + 1) * dimension);
  });
  await cache.add(numbers.map(key), rows);
}
const key = (number: number) => textKey(`text ${number}`);
const vector = (number: number) => new Float32Array(dimension).fill(number);

/** A process that adds texts of its own and others' until it is done or killed, and checks all that it finds. */
const worker = `
  import { EmbeddingCache, textKey } from ${JSON.stringify(packageFile('dist', 'lm', 'cache', 'cache.js'))};
  const [root, seed, rounds] = process.argv.slice(2);
  const cache = new EmbeddingCache({
    root, identity: '${identity}', dimension: ${dimension}, limit: Number.POSITIVE_INFINITY, about: { model: 'tiny', pooling: 'mean', precision: 'float32' },
    onWarning: (message) => { throw new Error(message); },
  });
  for (let round = 0; round < Number(rounds); round++) {
    await cache.refresh();
    const missing = [];
    for (let i = 0; i < 40; i++) {
      const number = (Number(seed) * 17 + round * 13 + i * 7) % 1500;
      const found = cache.get(textKey('text ' + number));
      if (!found) missing.push(number);
      else if (found.some((value) => value !== number)) throw new Error('got ' + found + ' for ' + number);
    }
    const data = Float32Array.from(missing.flatMap((number) => new Array(${dimension}).fill(number)));
    await cache.add(missing.map((number) => textKey('text ' + number)), { rows: missing.length, cols: ${dimension}, data });
  }
  await cache.close();
`;

function start(seed: number, rounds: number, killAfter?: number): Promise<string> {
  return new Promise((resolve) => {
    const script = join(root, '..', 'worker.mjs');
    writeFileSync(script, worker);
    const child = execFile(process.execPath, [script, root, String(seed), String(rounds)], (_, __, error) =>
      resolve(error),
    );
    if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
  });
}

describe('embedding cache', () => {
  it('is written and read by several processes at once, some of which are killed', async () => {
    const ends = await Promise.all([start(1, 150), start(2, 150), start(3, 1e6, 600), start(4, 1e6, 900)]);
    expect(ends).toEqual(['', '', '', '']);
    expect(await start(5, 150)).toBe('');
    const cache = open();
    await cache.refresh();
    let found = 0;
    for (let number = 0; number < 1500; number++) {
      const row = cache.get(key(number));
      if (row) found++;
      if (row) expect(row).toEqual(vector(number));
    }
    expect(found).toBeGreaterThan(500);
    expect(warnings).toEqual([]);
    // Hundreds of additions of a few texts did not become hundreds of files.
    expect(segments().length).toBeLessThan(130);
    await cache.close();
  });

  it('puts small segments together under the eyes of a process that has them open', async () => {
    const writer = open();
    const reader = open();
    for (let number = 0; number < 63; number++) await add(writer, number);
    await reader.refresh();
    expect(segments().length).toBe(63);
    await add(writer, 63, 5);
    await writer.refresh();
    expect(segments().length).toBe(1);
    await reader.refresh();
    for (let number = 0; number < 64; number++) {
      expect(reader.get(key(number))).toEqual(vector(number));
      expect(writer.get(key(number))).toEqual(vector(number));
    }
    expect(writer.get(key(64))).toBe(undefined);
    await Promise.all([reader.close(), writer.close()]);
  });

  it('finds nothing where a file was removed or emptied, and says what is damaged', async () => {
    const cache = open();
    await add(cache, 1, 2);
    await add(cache, 3);
    const [first, second] = segments();
    rmSync(join(folder(), first!));
    await cache.refresh();
    expect([1, 2, 3].filter((number) => cache.get(key(number))).length).toBeLessThan(3);
    writeFileSync(join(folder(), second!), '');
    mkdirSync(join(folder(), `${'b'.repeat(32)}.arrow`));
    const other = open();
    await other.refresh();
    expect(warnings.sort()).toEqual([
      expect.stringMatching(/ignored a damaged file of the embedding cache: EISDIR/),
      expect.stringMatching(/ignored a damaged file of the embedding cache: .*\.arrow/),
    ]);
    expect([1, 2, 3].filter((number) => other.get(key(number)))).toEqual([]);
    await Promise.all([cache.close(), other.close()]);
  });

  it('stays below its limit: what is unused for longest goes, but nothing that another process has open', async () => {
    const old = 'c'.repeat(32);
    const used = 'd'.repeat(32);
    for (const [each, age] of [
      [old, 30],
      [used, 60],
      [identity, 0],
    ] as const) {
      const cache = open({ identity: each });
      await add(cache, ...Array.from({ length: 100 }, (_, i) => i));
      await cache.close();
      const then = Date.now() / 1000 - age * 86_400;
      for (const name of segments(each)) utimesSync(join(folder(each), name), then, then);
    }
    const child = execFile(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)']);
    writeFileSync(join(folder(used), `.${hostname()}-${child.pid}.user`), '');
    const bytes = (await listCache(root))[0]!.bytes;
    expect((await listCache(root)).map((entry) => [entry.identity, entry.isUsedByOthers])).toEqual([
      [identity, false],
      [old, false],
      [used, true],
    ]);
    expect(await trimCache(root, 3 * bytes)).toMatchObject({ removed: 0, left: 3 * bytes });
    expect(await trimCache(root, 2.5 * bytes)).toEqual({ removed: bytes, files: 1, left: 2 * bytes });
    expect(existsSync(folder(old))).toBe(false);
    const cache = open({ limit: 0.9 * bytes });
    await add(cache, 1000);
    expect(warnings).toEqual([
      expect.stringMatching(/passed its limit of .*: removed 2 of its files .* unused for longest/),
      expect.stringMatching(/holds .* more than its limit .*: other processes use it/),
    ]);
    expect(segments(used).length).toBe(1);
    expect(await clearCache(root)).toMatchObject({ kept: bytes });
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
    expect(await clearCache(root)).toEqual({ removed: bytes, kept: 0 });
    expect(readdirSync(root)).toEqual([]);
    await cache.close();
  });

  it('removes what killed processes left half-written, once it is old', async () => {
    const cache = open();
    await add(cache, 1);
    const [left, fresh] = ['x.arrow.1-ab.tmp', 'y.arrow.1-ab.tmp'].map((name) => join(folder(), name));
    for (const path of [left!, fresh!]) writeFileSync(path, 'half');
    utimesSync(left!, 1, 1);
    await trimCache(root, 1e9);
    expect(existsSync(left!)).toBe(false);
    expect(existsSync(fresh!)).toBe(true);
    await cache.close();
  });

  it('that cannot be written says so once and is read all the same', async () => {
    const writer = open();
    await add(writer, 1);
    await writer.close();
    chmodSync(join(root, '..'), 0o755);
    const program = `
      import { EmbeddingCache, textKey } from ${JSON.stringify(packageFile('dist', 'lm', 'cache', 'cache.js'))};
      // What root may write, nobody may not.
      if (process.getuid?.() === 0) process.setuid(65534);
      const cache = new EmbeddingCache({
        root: ${JSON.stringify(root)}, identity: '${identity}', dimension: ${dimension}, limit: 1e9,
        about: { model: 'tiny', pooling: 'mean', precision: 'float32' }, onWarning: (message) => console.log(message),
      });
      await cache.refresh();
      for (const number of [1, 2]) {
        await cache.add([textKey('text 2')], { rows: 1, cols: ${dimension}, data: new Float32Array(${dimension}) });
        console.log(cache.get(textKey('text ' + number))?.[0]);
      }
      await cache.close();`;
    const script = join(root, '..', 'readonly.mjs');
    writeFileSync(script, program);
    chmodSync(folder(), 0o555);
    const child = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    chmodSync(folder(), 0o755);
    expect(child.stderr).toBe('');
    const path = `${folder()}/[0-9a-f]+.arrow`;
    expect(child.stdout).toMatch(
      new RegExp(`^embeddings are not cached: expected to write ${path}, but permission was denied\n1\nundefined\n$`),
    );
  });

  it('meets a full disk in the same way', async () => {
    const script = join(root, '..', 'full.mjs');
    mkdirSync(root);
    writeFileSync(
      script,
      `import { EmbeddingCache } from ${JSON.stringify(packageFile('dist', 'lm', 'cache', 'cache.js'))};
      const rows = 4096;
      const cache = new EmbeddingCache({
        root: ${JSON.stringify(root)}, identity: '${identity}', dimension: ${dimension}, limit: 1e9,
        about: { model: 'tiny', pooling: 'mean', precision: 'float32' }, onWarning: (message) => console.log(message),
      });
      const keys = Array.from({ length: rows }, (_, i) => 'k' + i);
      await cache.add(keys, { rows, cols: ${dimension}, data: new Float32Array(rows * ${dimension}) });
      console.log(cache.get('k1') ?? 'absent');`,
    );
    // A bound on the size of files stands for the disk.
    const command = `ulimit -f 16; exec ${process.execPath} ${script}`;
    const child = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect(child.stdout).toMatch(/^embeddings are not cached: expected to write .*\nabsent\n$/);
    expect(readdirSync(folder())).toEqual([]);
  });
});
