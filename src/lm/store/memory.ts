/**
 * Whether a model fits, asked before work begins: where memory ends the system kills without a word, and a disk that is
 * full after an hour is an hour lost.
 */
import { statfs } from 'node:fs/promises';
import { ColeError, memoryLimit } from '../../base/index.js';

/** Throws ERR_MEMORY where `bytes` of weights are more than this process may ever have. `advice`: what may be done. */
export function refuseLargerThanMemory(name: string, bytes: number, advice = ''): void {
  const limit = memoryLimit();
  if (bytes <= limit) return;
  throw new ColeError(
    'ERR_MEMORY',
    `expected a model of at most ${gigabytes(limit)} GB, the memory of this machine or container, but ${name} has ${gigabytes(bytes)} GB of weights${advice}`,
  );
}

/** Throws ERR_IO where `folder` has no room for `bytes`. */
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  throw new ColeError(
    'ERR_IO',
    `expected ${gigabytes(bytes)} GB of free disk for ${what} in ${folder}, got ${gigabytes(free)} GB`,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
