/** Reading of tensors by name and of exact byte ranges, with errors that name the file. */
import type { FileHandle } from 'node:fs/promises';
import { ColeError, ioError } from '../../base/index.js';

export async function readExactly(file: FileHandle, offset: number, bytes: number, path: string): Promise<Uint8Array> {
  const out = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await file.read(out, done, Math.min(bytes - done, 2 ** 30), offset + done));
    } catch (cause) {
      throw ioError(path, cause);
    }
    if (bytesRead === 0)
      throw new ColeError('ERR_DATA', `expected ${offset + bytes} bytes or more in ${path}: the file was cut short`);
    done += bytesRead;
  }
  return out;
}

export function findTensor<T>(entries: ReadonlyMap<string, T>, name: string, path: string): T {
  const entry = entries.get(name);
  if (!entry) throw new ColeError('ERR_MODEL', `expected tensor ${name} in ${path}, got none of that name`);
  return entry;
}

export function count(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
