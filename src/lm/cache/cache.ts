/**
 * Embeddings on disk, keyed by what made them (a folder per identity) and by text. Processes share a folder by each adding
 * segments of its own. Only keys are kept in memory: a vector is read from its segment when it is wanted.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, formatBytes, type Matrix, matrix, tryLock } from '../../base/index.js';
import { aboutName, trimCache } from './folders.js';
import { isSegment, readSegment, type Segment, writeSegment } from './segment.js';
import { markUsed, unmark } from './users.js';

/** Segments of fewer vectors than this are put together when there are so many of them. */
const smallBytes = 2 ** 20;
const smallSegments = 64;
/** At most so much at a time, which bounds memory. */
const joinedBytes = 2 ** 23;
const openFiles = 64;
const dayMs = 86_400_000;
/** The bound on the whole cache is looked at when so much of it was added, or so much time has gone. */
const trimShare = 1 / 16;
const trimMs = 30_000;

export interface CacheOptions {
  /** Of the caches of all identities. */
  readonly root: string;
  readonly identity: string;
  /** Values of a vector. */
  readonly dimension: number;
  /** Bytes of all identities together. */
  readonly limit: number;
  /** What the vectors are of, for people. */
  readonly about: { readonly model: string; readonly pooling: string; readonly precision: string };
  /** Hears of what went wrong without harm: segments that cannot be used, a folder that cannot be written, what was removed. */
  readonly onWarning: (message: string) => void;
}

/** Where a vector lies. */
interface Place {
  readonly segment: Segment;
  readonly row: number;
}

export class EmbeddingCache {
  readonly #folder: string;
  readonly #places = new Map<string, Place>();
  /** By name; null for what cannot be used. */
  readonly #segments = new Map<string, Segment | null>();
  readonly #open = new Map<string, number>();
  #added = 0;
  #trimmedAt = Number.NEGATIVE_INFINITY;
  #warned = false;

  constructor(private readonly options: CacheOptions) {
    this.#folder = join(options.root, options.identity.slice(0, 32));
  }

  /** Reads the segments that were added since the last call, by whomever, and forgets those that are gone. */
  async refresh(): Promise<void> {
    const names = await this.#list();
    if (names.length > 0) await markUsed(this.#folder);
    this.#forget(names);
    for (const name of names) if (!this.#segments.has(name)) await this.#load(name);
    await this.#putTogether();
  }

  /** The vector of a text by its `textKey`. */
  get(key: string): Float32Array | undefined {
    const place = this.#places.get(key);
    if (!place) return undefined;
    const { segment, row } = place;
    const vector = new Float32Array(this.options.dimension);
    const file = this.#file(segment.name);
    const read =
      file === undefined ? 0 : readSync(file, vector, 0, vector.byteLength, segment.offset + row * vector.byteLength);
    if (read === vector.byteLength) return vector;
    // Another process removed it meanwhile.
    this.#places.delete(key);
    return undefined;
  }

  /** Adds a segment. A cache that cannot be written loses nobody's vectors: that is told, once, and the work goes on. */
  async add(keys: readonly string[], rows: Matrix): Promise<void> {
    if (keys.length === 0) return;
    const { limit, about } = this.options;
    try {
      const segment = await writeSegment(this.#folder, keys, rows);
      this.#keep(segment);
      await markUsed(this.#folder);
      await writeFile(join(this.#folder, aboutName), `${JSON.stringify(about)}\n`, { flag: 'wx' }).catch(
        () => undefined,
      );
      this.#added += rows.data.byteLength;
      await this.#trim(limit);
    } catch (error) {
      if (!(error instanceof ColeError) || error.code !== 'ERR_IO') throw error;
      if (!this.#warned) this.options.onWarning(`embeddings are not cached: ${error.message}`);
      this.#warned = true;
    }
  }

  async close(): Promise<void> {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
    await unmark(this.#folder);
  }

  async #list(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw new ColeError('ERR_IO', `expected to read the embedding cache at ${this.#folder}, but ${error.message}`, {
        cause: error,
      });
    });
    return names.filter(isSegment).sort();
  }

  async #load(name: string): Promise<void> {
    const path = join(this.#folder, name);
    try {
      this.#keep(await readSegment(this.#folder, name, this.options.dimension));
      // Which ones go first where there is no room for all is a matter of days.
      if (Date.now() - (await stat(path)).mtimeMs > dayMs) await utimes(path, new Date(), new Date());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      if (this.#segments.has(name)) return; // It was read; the rest is a matter of permission.
      this.#segments.set(name, null);
      this.options.onWarning(`ignored a damaged file of the embedding cache: ${(error as Error).message}`);
      // Files appear whole, so one whose bytes are wrong stays wrong. Where it cannot be removed it is ignored again.
      if (error instanceof ColeError && error.code === 'ERR_DATA')
        await rm(path, { force: true }).catch(() => undefined);
    }
  }

  /** The first vector of a text stays, whatever comes later. */
  #keep(segment: Segment): void {
    this.#segments.set(segment.name, segment);
    segment.keys.forEach((key, row) => {
      if (!this.#places.has(key)) this.#places.set(key, { segment, row });
    });
  }

  /** Drops what others removed. */
  #forget(names: readonly string[]): void {
    const present = new Set(names);
    const gone = [...this.#segments.keys()].filter((name) => !present.has(name));
    for (const name of gone) {
      const segment = this.#segments.get(name);
      this.#segments.delete(name);
      this.#close(name);
      for (const key of segment?.keys ?? []) if (this.#places.get(key)?.segment === segment) this.#places.delete(key);
    }
  }

  /** Searches add a few vectors at a time: of many small segments, which open slowly, one is made. */
  async #putTogether(): Promise<void> {
    const { dimension } = this.options;
    const size = 4 * dimension;
    const bytesOf = ({ keys }: Segment) => keys.length * size;
    const small = [...this.#segments.values()].filter((each) => each !== null && bytesOf(each) < smallBytes);
    if (small.length < smallSegments) return;
    let bytes = 0;
    const taken = (small as Segment[])
      .sort((a, b) => bytesOf(a) - bytesOf(b))
      .filter((segment) => {
        bytes += bytesOf(segment);
        return bytes <= joinedBytes;
      });
    const release = await tryLock(this.#folder, 'join').catch(() => undefined);
    if (!release) return;
    try {
      const keys = [...new Set(taken.flatMap((segment) => segment.keys))];
      const rows = matrix(keys.length, dimension);
      keys.forEach((key, i) => {
        const vector = this.get(key);
        if (!vector) throw new Error('a file went meanwhile');
        rows.data.set(vector, i * dimension);
      });
      const joined = await writeSegment(this.#folder, keys, rows);
      for (const { name } of taken) if (name !== joined.name) await rm(join(this.#folder, name), { force: true });
      this.#forget(await this.#list());
      this.#keep(joined);
    } catch {
      // A folder that cannot be written, or that another process changes, stays as it is.
    } finally {
      await release();
    }
  }

  async #trim(limit: number): Promise<void> {
    const { root, onWarning } = this.options;
    const now = performance.now();
    if (this.#added < limit * trimShare && now - this.#trimmedAt < trimMs) return;
    this.#added = 0;
    this.#trimmedAt = now;
    const { files, removed, left } = await trimCache(root, limit);
    if (files > 0)
      onWarning(
        `the embedding cache passed its limit of ${formatBytes(limit)}: removed ${files} of its files (${formatBytes(removed)}), those unused for longest first`,
      );
    if (left > limit && files > 0)
      onWarning(
        `the embedding cache holds ${formatBytes(left)}, more than its limit of ${formatBytes(limit)}: other processes use it`,
      );
  }

  #file(name: string): number | undefined {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= openFiles) this.#close(oldest);
    try {
      const file = openSync(join(this.#folder, name), 'r');
      this.#open.set(name, file);
      return file;
    } catch {
      return undefined;
    }
  }

  #close(name: string): void {
    const file = this.#open.get(name);
    if (file !== undefined) closeSync(file);
    this.#open.delete(name);
  }
}

/** Identity of a text in the cache. */
export function textKey(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
