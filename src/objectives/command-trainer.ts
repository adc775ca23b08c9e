/** A slot in which trainings follow each other, each tried once within a time. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { note, type Training } from './command-files.js';
import type { Outcome } from './types.js';

export interface TrainerOptions {
  readonly command: string;
  /** Absolute; code, answers and logs lie here. */
  readonly folder: string;
  readonly metric: string;
  readonly timeoutSeconds: number;
}

export type Try = Outcome & { readonly timedOut?: boolean };

/** A slot in which trainings follow each other. */
export interface Trainer {
  attempt(training: Training): Promise<Try>;
  /** Ends what runs. The attempt in work then fails. */
  close(): Promise<void>;
}

/** A mark of its own for a program that is started. */
export function newMark(folder: string): string {
  return `${markOf(folder)}${randomBytes(8).toString('hex')}`;
}

/** How the marks of all programs that train in this folder begin. */
export function markOf(folder: string): string {
  return `${folder}:`;
}

export const late = Symbol('late');

/** What the work came to, or `late`. */
export async function within<T>(seconds: number, work: Promise<T>): Promise<{ readonly value: T } | typeof late> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      work.then((value) => ({ value })),
      sleep(seconds * 1000, late, { signal: timer.signal }),
    ]);
  } finally {
    timer.abort();
  }
}

export function tooLate({ timeoutSeconds }: TrainerOptions, log: string): Try {
  return { ...note({ status: 'failed', reason: `no answer within ${timeoutSeconds} s` }, log), timedOut: true };
}
