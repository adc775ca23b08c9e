/** The files of a training: code, answer, and a log that keeps why it failed. */
import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ioError } from '../base/index.js';
import type { Outcome } from './types.js';

/** One architecture to train, and what the program is told of it. */
export interface Training {
  /** Stem of its files, unique in the folder. */
  readonly name: string;
  /** Printed architecture. */
  readonly arch: string;
  readonly key: string;
  readonly seed: number;
  /** Content of its code file. */
  readonly code: string;
}

export interface Files {
  readonly code: string;
  readonly out: string;
  readonly log: string;
}

export function filesOf(folder: string, name: string): Files {
  return { code: join(folder, `${name}.py`), out: join(folder, `${name}.json`), log: join(folder, `${name}.log`) };
}

/**
 * Writes the code file, takes away the answer of an earlier try and gives the length of its log. Throws ERR_IO: a full disk
 * is no fault of the training.
 */
export function prepare(files: Files, { code }: Training): number {
  try {
    writeFileSync(files.code, code);
    rmSync(files.out, { force: true });
    appendFileSync(files.log, '');
    return statSync(files.log).size;
  } catch (error) {
    throw ioError(files.code, error);
  }
}

/** Characters of a log that a failure keeps: a traceback ends with what went wrong. */
const tailLength = 2000;

export function failure(what: string, log: string, start: number): Outcome {
  const end = readFileSync(log).subarray(start).toString('utf8').trim().slice(-tailLength);
  return note({ status: 'failed', reason: end ? `${what}; the end of its log:\n${end}` : what }, log);
}

/** A failure stands in the log too. That it can be written tells a fault of the program from a full disk, which is ERR_IO. */
export function note<T extends Outcome>(outcome: T, log: string): T {
  if (outcome.status === 'ok') return outcome;
  try {
    appendFileSync(log, `cole: ${outcome.status}: ${outcome.reason.split('\n')[0]}\n`);
  } catch (error) {
    throw ioError(log, error);
  }
  return outcome;
}
