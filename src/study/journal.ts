/**
 * The journal of a run: one JSON object a line, appended by one process and never rewritten. A line counts once its line
 * break is on disk; what a killed process left behind after the last break is cut off on the next opening.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { ColeError, ioError } from '../base/index.js';
import type { Outcome } from '../objectives/index.js';
import type { TrialBatch, TrialEnd } from '../search/index.js';

export type JournalEntry =
  /** A process began to work on the run; more than one hash of the code means that more than one build did. */
  | { readonly type: 'start'; readonly code: string }
  | TrainingEntry
  | ({ readonly type: 'batch'; readonly trial: number } & TrialBatch)
  /** The run got a greater budget than this; both as they were before. */
  | { readonly type: 'extend'; readonly budget: number; readonly batch: number }
  | { readonly type: 'end'; readonly trial: number; readonly end: TrialEnd };

/** A training that a command has finished, written as soon as it is: the batch it belongs to comes when all of it is there. */
export interface TrainingEntry {
  readonly type: 'training';
  readonly trial: number;
  readonly arch: string;
  readonly seed: number;
  readonly outcome: Outcome;
  readonly tries: number;
  /** Wall clock of all tries. */
  readonly seconds: number;
}

const searchEntries: readonly JournalEntry['type'][] = ['start', 'training', 'batch', 'extend', 'end'];

/** Milliseconds between flushes to the disk itself: what a power cut may cost. A killed process costs nothing. */
const flushMs = 1000;

/** Journals of other kinds of runs have other entries; each says its type. */
export class Journal<Entry extends { readonly type: string } = JournalEntry> {
  /** Entries that were there when the journal was opened. */
  readonly entries: readonly Entry[];
  readonly #path: string;
  readonly #file: number;
  #flushed = performance.now();

  /** Opens or creates. Throws ERR_DATA naming the line of an entry that cannot be read, ERR_IO where writing is refused. */
  constructor(path: string, types: readonly Entry['type'][] = searchEntries) {
    this.#path = path;
    try {
      this.#file = openSync(path, 'a+');
      const bytes = readFileSync(path);
      const end = bytes.lastIndexOf(0x0a) + 1;
      if (end < bytes.length) ftruncateSync(this.#file, end);
      this.entries = parseJournal<Entry>(bytes.subarray(0, end).toString('utf8'), path, types);
    } catch (error) {
      throw ioError(path, error);
    }
  }

  /** Returns when the whole line is with the operating system. */
  append(entry: Entry): void {
    try {
      const bytes = Buffer.from(`${JSON.stringify(entry)}\n`);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
      if (performance.now() - this.#flushed > flushMs) this.flush();
    } catch (error) {
      throw ioError(this.#path, error);
    }
  }

  flush(): void {
    fdatasyncSync(this.#file);
    this.#flushed = performance.now();
  }

  close(): void {
    closeSync(this.#file);
  }
}

export function parseJournal<Entry extends { readonly type: string } = JournalEntry>(
  text: string,
  path: string,
  types: readonly Entry['type'][] = searchEntries,
): Entry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => {
      try {
        const entry = JSON.parse(line) as Entry;
        if (types.includes(entry.type)) return entry;
      } catch {
        // Reported below, like an entry of another kind.
      }
      throw new ColeError('ERR_DATA', `expected a journal entry on line ${i + 1} of ${path}, got ${line.slice(0, 80)}`);
    });
}

/** One trial out of a journal. */
export interface TrialRecord {
  readonly batches: TrialBatch[];
  end?: TrialEnd;
}

/** Trials by number, from 1. Throws ERR_DATA where batches of a trial do not follow each other. */
export function trialsOf(entries: readonly JournalEntry[], path: string): Map<number, TrialRecord> {
  const trials = new Map<number, TrialRecord>();
  for (const entry of entries) {
    if (entry.type === 'start' || entry.type === 'training') continue;
    if (entry.type === 'extend') {
      for (const trial of trials.values()) reopen(trial, entry);
      continue;
    }
    const trial = trials.get(entry.trial) ?? { batches: [] };
    trials.set(entry.trial, trial);
    if (entry.type === 'end') {
      trial.end = entry.end;
      continue;
    }
    const next = 1 + trial.batches.reduce((sum, { results }) => sum + results.length, 0);
    if (entry.first !== next || trial.end)
      throw new ColeError(
        'ERR_DATA',
        `expected evaluation ${next} of trial ${entry.trial} to come next in ${path}, got ${entry.first}`,
      );
    const { type: _type, trial: _trial, ...batch } = entry;
    trial.batches.push(batch);
  }
  return trials;
}

/**
 * What is left of a trial under a greater budget: batches that the old one had cut short are asked for again in full, so that
 * the trial is the one that it would have been with the greater budget from the start. A second time changes nothing.
 */
function reopen(trial: TrialRecord, { budget, batch }: { readonly budget: number; readonly batch: number }): void {
  const cut = trial.batches.findIndex(({ first }) => first - 1 + batch > budget);
  if (cut >= 0) trial.batches.splice(cut);
  if (cut >= 0 || trial.end === 'budget') delete trial.end;
}
