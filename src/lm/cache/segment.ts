/**
 * Segments of the embedding cache: Arrow files that are written once, whole, under a name that holds the hash of their
 * bytes, so that one that was damaged later shows.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddingsToFile, locateEmbeddings } from '../../arrow/index.js';
import { ColeError, type Matrix, writeFileAtomic } from '../../base/index.js';

const namePattern = /^([0-9a-f]{32})\.arrow$/;

export interface Segment {
  readonly name: string;
  readonly keys: readonly string[];
  /** Where the first vector lies in the file; the others follow it. */
  readonly offset: number;
}

export function isSegment(name: string): boolean {
  return namePattern.test(name);
}

/** Throws ERR_DATA where the content is not what was written or has vectors of another length. */
export async function readSegment(folder: string, name: string, dimension: number): Promise<Segment> {
  const path = join(folder, name);
  const bytes = await readFile(path);
  if (`${hashOf(bytes)}.arrow` !== name) throw new ColeError('ERR_DATA', `expected content of another hash in ${path}`);
  const { keys, cols, offset } = locateEmbeddings(path, bytes);
  if (cols !== dimension)
    throw new ColeError('ERR_DATA', `expected vectors of ${dimension} values in ${path}, got ${cols}`);
  return { name, keys, offset };
}

export async function writeSegment(folder: string, keys: readonly string[], rows: Matrix): Promise<Segment> {
  const bytes = embeddingsToFile({ keys, rows, metadata: {} });
  const name = `${hashOf(bytes)}.arrow`;
  const path = join(folder, name);
  await writeFileAtomic(path, bytes);
  return { name, keys, offset: locateEmbeddings(path, bytes).offset };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
