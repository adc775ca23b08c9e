/**
 * Embeddings on disk, keyed by what made them (a folder per identity) and by text. Segments are Arrow files that are
 * written once, whole, under a name that holds the hash of their bytes; processes share a folder by each adding segments
 * of its own.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddingsToFile, fileToEmbeddings } from '../arrow/index.js';
import { ColeError, type Matrix, row, writeFileAtomic } from '../base/index.js';

const segmentName = /^([0-9a-f]{32})\.arrow$/;

export class EmbeddingCache {
  readonly #rows = new Map<string, Float32Array>();
  readonly #loaded = new Set<string>();

  /** `folder`: one identity's. `onDamage` hears of segments that cannot be used; their texts are embedded again. */
  constructor(
    private readonly folder: string,
    private readonly dimension: number,
    private readonly onDamage: (message: string) => void,
  ) {}

  /** Reads the segments that were added since the last call, by whomever. */
  async refresh(): Promise<void> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw new ColeError('ERR_IO', `expected to read the embedding cache at ${this.folder}, but ${error.message}`, {
        cause: error,
      });
    });
    for (const name of names.sort()) {
      const hash = segmentName.exec(name)?.[1];
      if (!hash || this.#loaded.has(name)) continue;
      this.#loaded.add(name);
      const path = join(this.folder, name);
      try {
        this.#keep(readSegment(path, hash, await readFile(path), this.dimension));
      } catch (error) {
        this.onDamage(`ignored a damaged file of the embedding cache: ${(error as Error).message}`);
        // Files appear whole, so one whose bytes are wrong stays wrong. Where it cannot be removed it is ignored again.
        if (error instanceof ColeError && error.code === 'ERR_DATA')
          await rm(path, { force: true }).catch(() => undefined);
      }
    }
  }

  get(key: string): Float32Array | undefined {
    return this.#rows.get(key);
  }

  /** Adds a segment. */
  async add(keys: readonly string[], rows: Matrix): Promise<void> {
    if (keys.length === 0) return;
    const bytes = embeddingsToFile({ keys, rows, metadata: {} });
    const name = `${hashOf(bytes)}.arrow`;
    await writeFileAtomic(join(this.folder, name), bytes);
    this.#loaded.add(name);
    this.#keep({ keys, rows });
  }

  /** The first vector of a text stays, whatever comes later. */
  #keep({ keys, rows }: { keys: readonly string[]; rows: Matrix }): void {
    keys.forEach((key, index) => {
      if (!this.#rows.has(key)) this.#rows.set(key, row(rows, index));
    });
  }
}

/** Identity of a text in the cache. */
export function textKey(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function readSegment(path: string, hash: string, bytes: Uint8Array, dimension: number) {
  if (hashOf(bytes) !== hash) throw new ColeError('ERR_DATA', `expected content of hash ${hash} in ${path}`);
  const segment = fileToEmbeddings(path, bytes);
  if (segment.rows.cols !== dimension)
    throw new ColeError('ERR_DATA', `expected vectors of ${dimension} values in ${path}, got ${segment.rows.cols}`);
  return segment;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
