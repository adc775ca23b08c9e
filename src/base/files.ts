/** Files that are whole or absent: written under a temporary name, flushed, renamed. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ColeError } from './errors.js';

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission was denied',
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

/** Calls `write` with a handle on a temporary neighbour of `path`, which takes the place of `path` when all went well. */
export async function writeAtomic(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw ioError(path, error);
  }
}

export function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  return writeAtomic(path, async (file) => {
    await file.writeFile(data);
  });
}
