/** A program that stays, and so loads its libraries and its data once for many trainings. */
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ioError } from '../base/index.js';
import { parseAnswer } from './command-answer.js';
import { failure, filesOf, note, prepare, type Training } from './command-files.js';
import { ProcessTree } from './command-process.js';
import { late, newMark, type Trainer, type TrainerOptions, type Try, tooLate, within } from './command-trainer.js';
import type { Outcome } from './types.js';

const gone = Symbol('gone');

/** Milliseconds in which the last words of a program that has ended come out of the pipe. */
const lastWordsMs = 200;

/**
 * Starts the command once. A training is a JSON line `{"id", "code", "arch", "key", "seed"}` on its standard input; the line on
 * its standard output with the same id is the answer. All other output goes to the log of the training in work.
 */
export class Server implements Trainer {
  readonly #options: TrainerOptions;
  #tree: ProcessTree | undefined;
  #work: { id: number; log: string; answer: (outcome: Outcome) => void; ioError: (error: unknown) => void } | undefined;
  #id = 0;
  /** Answers of the program that runs. */
  #served = 0;

  constructor(options: TrainerOptions) {
    this.#options = options;
  }

  async attempt(training: Training): Promise<Try> {
    const { folder, timeoutSeconds } = this.#options;
    const files = filesOf(folder, training.name);
    const logStart = prepare(files, training);
    this.#tree ??= this.#start();
    const tree = this.#tree;
    const id = ++this.#id;
    const answered = new Promise<Outcome>((answer, ioError) => {
      this.#work = { id, log: files.log, answer, ioError };
    });
    answered.catch(() => {});
    const { arch, key, seed } = training;
    tree.child.stdin?.write(`${JSON.stringify({ id, code: files.code, arch, key, seed })}\n`);
    try {
      const silent = tree.ended.then(() => sleep(lastWordsMs, gone));
      const end = await within(timeoutSeconds, Promise.race([answered, silent]));
      const answer = end !== late && end.value !== gone ? (end.value as Outcome) : undefined;
      if (!answer || tree.over) {
        // The next training gets a process of its own.
        this.#tree = undefined;
        await tree.stop();
      }
      if (answer) {
        this.#served++;
        return note(answer, files.log);
      }
      // It ended of its own accord after earlier answers, and had not read this training.
      if (end !== late && this.#served > 0 && (await tree.ended) === undefined) return await this.attempt(training);
      return end === late
        ? tooLate(this.#options, files.log)
        : failure(`the command ${(await tree.ended) ?? 'ended'} before it answered`, files.log, logStart);
    } finally {
      this.#work = undefined;
    }
  }

  #start(): ProcessTree {
    const { command, folder, metric } = this.#options;
    const tree = new ProcessTree(command, { mark: newMark(folder), env: {}, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#served = 0;
    void tree.ended.then(() => {
      // One that ends between two trainings has failed none.
      if (this.#work || this.#tree !== tree) return;
      this.#tree = undefined;
      tree.kill();
    });
    const toLog = (text: string | Buffer) => {
      const work = this.#work;
      if (!work) return;
      try {
        appendFileSync(work.log, text);
      } catch (error) {
        work.ioError(ioError(work.log, error));
      }
    };
    tree.child.stderr!.on('data', toLog);
    createInterface({ input: tree.child.stdout! }).on('line', (line) => {
      if (this.#work && idOf(line) === this.#work.id) this.#work.answer(parseAnswer(line, metric));
      else toLog(`${line}\n`);
    });
    return tree;
  }

  async close(): Promise<void> {
    await this.#tree?.stop();
    this.#tree = undefined;
  }
}

/** The id of a line that may be an answer. Not by JSON.parse: an answer may hold NaN, which JSON has not. */
function idOf(line: string): number | undefined {
  const id = /^\s*\{.*"id"\s*:\s*(\d+)/.exec(line)?.[1];
  return id === undefined ? undefined : Number(id);
}
