/** Whether a model fits into memory, asked before it is loaded: the system would end the process without a word. */
import { totalmem } from 'node:os';
import { ColeError } from '../../base/index.js';

/** Throws ERR_MEMORY where `bytes` of weights are more than this process may ever have. */
export function refuseLargerThanMemory(name: string, bytes: number): void {
  // A container's limit, or a number without meaning where there is none.
  const limit = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (bytes <= limit) return;
  throw new ColeError(
    'ERR_MEMORY',
    `expected a model of at most ${gigabytes(limit)} GB, the memory of this machine, but ${name} has ${gigabytes(bytes)} GB of weights`,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
