/** The folder of all embeddings: what lies in it, how it is kept below its limit, and how it is emptied. */
import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, ioError, tryLock } from '../../base/index.js';
import { isSegment } from './segment.js';
import { isUsedByOthers } from './users.js';

export const aboutName = 'about.json';
/** A file that nobody finished writing in this time was left by a process that was killed. */
const leftoverMs = 3_600_000;
/** What is removed where the limit is passed goes down to this share of it, so that not every new segment removes one. */
const keptShare = 0.9;

/** Embeddings of one identity. */
export interface CacheEntry {
  /** Name of its folder: the beginning of the identity. */
  readonly identity: string;
  readonly model: string;
  readonly pooling: string;
  readonly precision: string;
  readonly files: number;
  readonly bytes: number;
  /** ISO 8601; when the newest file was written or first read on a day. */
  readonly lastUsed: string;
  readonly isUsedByOthers: boolean;
}

interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

interface StoredFolder {
  readonly identity: string;
  readonly folder: string;
  readonly segments: readonly StoredFile[];
  readonly isUsedByOthers: boolean;
}

/** What lies in the cache at `root`, in the order of their last use, the latest first. */
export async function listCache(root: string): Promise<CacheEntry[]> {
  const entries: (CacheEntry & { usedMs: number })[] = [];
  for (const { identity, folder, segments, isUsedByOthers } of await readFolders(root)) {
    const about = await readFile(join(folder, aboutName), 'utf8').then(
      (text) => JSON.parse(text) as Record<string, unknown>,
      () => ({}) as Record<string, unknown>,
    );
    const usedMs = Math.max(0, ...segments.map((file) => file.usedMs));
    entries.push({
      identity,
      model: String(about.model ?? 'unknown'),
      pooling: String(about.pooling ?? 'unknown'),
      precision: String(about.precision ?? 'unknown'),
      files: segments.length,
      bytes: sizeOf(segments),
      lastUsed: new Date(usedMs).toISOString(),
      isUsedByOthers,
      usedMs,
    });
  }
  return entries.sort((a, b) => b.usedMs - a.usedMs).map(({ usedMs: _, ...entry }) => entry);
}

/**
 * Removes all embeddings, or those of one identity, but for those that another process has open. Returns what went and what
 * stayed. Throws ERR_OPTION for an identity of which there is nothing.
 */
export async function clearCache(root: string, identity?: string): Promise<{ removed: number; kept: number }> {
  const all = await readFolders(root);
  const folders = identity === undefined ? all : all.filter((each) => each.identity === identity);
  if (identity !== undefined && folders.length === 0)
    throw new ColeError('ERR_OPTION', `expected an identity that cole cache list shows for ${root}, got ${identity}`);
  let removed = 0;
  let kept = 0;
  for (const { folder, segments, isUsedByOthers } of folders) {
    if (isUsedByOthers) kept += sizeOf(segments);
    else {
      await rm(folder, { recursive: true, force: true }).catch((cause) => {
        throw ioError(folder, cause);
      });
      removed += sizeOf(segments);
    }
  }
  return { removed, kept };
}

/**
 * Removes segments, those unused for longest first, until the cache at `root` is below `limit` bytes; none that another
 * process has open. Returns what was removed and how many bytes are left.
 */
export async function trimCache(
  root: string,
  limit: number,
): Promise<{ removed: number; files: number; left: number }> {
  const release = await tryLock(root, 'trim');
  try {
    const folders = await readFolders(root);
    let left = sizeOf(folders.flatMap(({ segments }) => segments));
    let removed = 0;
    let files = 0;
    // One process at a time: two would both remove enough.
    if (left > limit && release) {
      const candidates = folders.flatMap(({ isUsedByOthers, segments }) => (isUsedByOthers ? [] : segments));
      for (const { path, bytes } of candidates.sort((a, b) => a.usedMs - b.usedMs)) {
        if (left <= keptShare * limit) break;
        await rm(path, { force: true }).catch((cause) => {
          throw ioError(path, cause);
        });
        left -= bytes;
        removed += bytes;
        files++;
      }
      // Folders of which nothing is left; one that holds something refuses.
      for (const { folder, segments, isUsedByOthers } of folders)
        if (!isUsedByOthers && segments.length > 0) await removeIfEmpty(folder);
    }
    return { removed, files, left };
  } finally {
    await release?.();
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [] as string[]);
  if (names.some((name) => name !== aboutName)) return;
  await rm(join(folder, aboutName), { force: true });
  await rmdir(folder).catch(() => undefined);
}

async function readFolders(root: string): Promise<StoredFolder[]> {
  const found = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw ioError(root, error);
  });
  const folders: StoredFolder[] = [];
  for (const identity of found.filter((name) => /^[0-9a-f]{32}$/.test(name))) {
    const folder = join(root, identity);
    const names = await readdir(folder).catch(() => [] as string[]);
    const segments: StoredFile[] = [];
    for (const name of names) {
      if (!isSegment(name) && !name.endsWith('.tmp')) continue;
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found) continue;
      if (isSegment(name)) segments.push({ path, bytes: found.size, usedMs: found.mtimeMs });
      else if (Date.now() - found.mtimeMs > leftoverMs) await rm(path, { force: true }).catch(() => undefined);
    }
    folders.push({ identity, folder, segments, isUsedByOthers: await isUsedByOthers(folder, names) });
  }
  return folders;
}

function sizeOf(files: readonly StoredFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
