/** Whole files in and out of commands; `-` is standard input or output. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { ColeError, ioError, writeAtomic } from '../base/index.js';
import { writeBytes } from './output.js';

export async function readBytes(path: string): Promise<Uint8Array> {
  if (path === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What reading the file threw, as the user's error. */
export function unreadable(path: string, cause: unknown): ColeError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'there is none' : code === 'EISDIR' ? 'it is a folder' : message;
  return new ColeError('ERR_INPUT', `expected a readable file at ${path}, but ${reason}`, { cause });
}

export function writeOut(path: string, bytes: Uint8Array): Promise<void> {
  return writeOutPieces(path, [bytes]);
}

/** A file of pieces that need never be in memory together. */
export async function writeOutPieces(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  if (path === '-') {
    for await (const piece of pieces) await writeBytes(piece);
    return;
  }
  // A device or a named pipe is written to; a file of that name must not take its place.
  const there = await stat(path).catch(() => undefined);
  if (!there || there.isFile())
    return writeAtomic(path, async (file) => {
      for await (const piece of pieces) await file.writeFile(piece);
    });
  try {
    await writeFile(path, pieces);
  } catch (cause) {
    throw ioError(path, cause);
  }
}
