/** Files that are whole or absent: written under a temporary name, flushed, renamed. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ColeError } from './errors.js';

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission was denied',
  EPERM: 'that is not permitted',
  ENOENT: 'nothing can be made there',
  EROFS: 'the file system is read-only',
  EEXIST: 'a file of that name is there',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a folder',
};

export function ioError(path: string, cause: unknown): ColeError {
  if (cause instanceof ColeError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return new ColeError('ERR_IO', `expected to write ${path}, but ${reasons[code ?? ''] ?? message}`, { cause });
}

/**
 * Makes the folder, and those it lies in, where they are missing. Throws ERR_IO. Node's recursive mkdir never comes back where
 * a folder is there and nothing can be made in it, such as /proc.
 */
export function makeFolder(path: string): void {
  const make = (folder: string) => {
    if (isFolder(folder)) return;
    const parent = dirname(folder);
    if (parent !== folder) make(parent);
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process may have been faster.
      if (!isFolder(folder)) throw error;
    }
  };
  try {
    make(resolve(path));
  } catch (error) {
    throw ioError(path, error);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Calls `write` with a handle on a temporary neighbour of `path`, which takes the place of `path` when all went well. */
export async function writeAtomic(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    makeFolder(dirname(path));
    const file = await open(temporary, 'wx');
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // What stood in the way of writing may stand in the way of this too.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError(path, error);
  }
}

export function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  return writeAtomic(path, async (file) => {
    await file.writeFile(data);
  });
}
