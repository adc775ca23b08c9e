/**
 * Trains architectures for real: a program of the user gets the code and answers with values. So many at a time, each with a
 * time-out and retries; what is not finished when this closes is ended. Keeps no record: who asks writes down the outcome.
 */
import { resolve } from 'node:path';
import { ColeError, makeFolder } from '../base/index.js';
import type { Training } from './command-files.js';
import { checkCommand } from './command-line.js';
import { OneShot } from './command-once.js';
import { killMarked } from './command-process.js';
import { Server } from './command-serve.js';
import { markOf, type Trainer } from './command-trainer.js';
import type { Outcome } from './types.js';

export interface CommandSettings {
  /**
   * Shell command line. `{code}` stands for a Python file with the rendered network, `{out}` for the file that the answer is to
   * be written to as JSON, `{arch}`, `{key}` and `{seed}` for themselves; all of them are also in the environment, as
   * COLE_TRAINING_CODE and so on.
   */
  readonly command: string;
  /** The command stays: trainings are JSON lines on its standard input, answers JSON lines on its standard output. */
  readonly serve: boolean;
  /** Trainings at a time. */
  readonly parallel: number;
  /** Of a try. One that was too slow is not tried again. */
  readonly timeoutSeconds: number;
  /** Tries after the first. */
  readonly retries: number;
  /** Trainings that fail in a row, after all tries, before everything stops. */
  readonly maxFailures: number;
}

export const commandDefaults = {
  serve: false,
  parallel: 1,
  timeoutSeconds: 3600,
  retries: 1,
  maxFailures: 5,
} as const satisfies Omit<CommandSettings, 'command'>;

/** Throws ERR_OPTION for a number out of range or a command that cannot be filled in. */
export function checkCommandSettings(settings: CommandSettings): void {
  checkCommand(settings.command, settings.serve);
  const least = { parallel: 1, retries: 0, maxFailures: 1 };
  for (const [name, low] of Object.entries(least)) {
    const value = settings[name as keyof typeof least];
    if (!Number.isSafeInteger(value) || value < low)
      throw new ColeError('ERR_OPTION', `expected a whole number of at least ${low} for ${name}, got ${value}`);
  }
  // Timers take 31 bits of milliseconds.
  const { timeoutSeconds } = settings;
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 2_000_000))
    throw new ColeError(
      'ERR_OPTION',
      `expected more than 0 and at most 2,000,000 seconds for timeoutSeconds, got ${timeoutSeconds}`,
    );
}

export interface Trained {
  readonly outcome: Outcome;
  readonly tries: number;
  /** Wall clock of all tries. */
  readonly seconds: number;
}

export class CommandObjective {
  readonly #settings: CommandSettings;
  readonly #folder: string;
  readonly #free: Trainer[];
  readonly #all: readonly Trainer[];
  readonly #waiting: ((trainer: Trainer) => void)[] = [];
  #failures = 0;
  #closed = false;

  /** Trainings have their files in `folder`; what a killed process of an earlier run left training there is ended. `metric` must be in every answer. */
  constructor(settings: CommandSettings, folder: string, metric: string) {
    checkCommandSettings(settings);
    this.#settings = settings;
    this.#folder = resolve(folder);
    makeFolder(this.#folder);
    killMarked(markOf(this.#folder));
    const { command, timeoutSeconds, serve, parallel } = settings;
    const options = { command, folder: this.#folder, metric, timeoutSeconds };
    this.#all = Array.from({ length: parallel }, () => (serve ? new Server(options) : new OneShot(options)));
    this.#free = [...this.#all];
  }

  /**
   * Waits for a slot and trains. Throws ERR_TRAINING when `maxFailures` trainings in a row have failed, with the last reason;
   * ERR_IO where files cannot be written; ERR_INTERRUPTED once it is closed.
   */
  async train(training: Training): Promise<Trained> {
    const trainer = this.#free.pop() ?? (await new Promise<Trainer>((take) => this.#waiting.push(take)));
    try {
      return await this.#train(trainer, training);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(trainer);
      else this.#free.push(trainer);
    }
  }

  async #train(trainer: Trainer, training: Training): Promise<Trained> {
    const { retries, maxFailures } = this.#settings;
    const began = performance.now();
    for (let tries = 1; ; tries++) {
      this.#requireOpen();
      const { timedOut, ...outcome } = await trainer.attempt(training);
      // A program that was ended by the closing has failed for no fault of its own.
      this.#requireOpen();
      if (outcome.status === 'failed' && !timedOut && tries <= retries) continue;
      this.#failures = outcome.status === 'failed' ? this.#failures + 1 : 0;
      if (outcome.status === 'failed' && this.#failures >= maxFailures)
        throw new ColeError(
          'ERR_TRAINING',
          `expected an answer from the command, but ${this.#failures} trainings in a row failed. The last: ${outcome.reason}\nIts files are ${resolve(this.#folder, training.name)}.*`,
        );
      return { outcome, tries, seconds: (performance.now() - began) / 1000 };
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new ColeError('ERR_INTERRUPTED', 'training was stopped');
  }

  /** Ends all that runs; trainings that wait are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#all.map((trainer) => trainer.close()));
  }
}
