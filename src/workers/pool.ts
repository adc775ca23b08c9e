/**
 * A pool of worker threads for one kind of task; the only importer of piscina. A worker has one task at a time and is
 * told by the task, not by the pool, how many threads it may use.
 */
import type { TransferListItem } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { asColeError } from '../base/index.js';
import { answerOf, type Reply } from './reply.js';

export interface RunTaskOptions {
  readonly transfer?: readonly TransferListItem[];
  /** Aborting stops the worker that has the task. */
  readonly signal?: AbortSignal;
}

export class WorkerPool<Task, Result> {
  readonly #pool: Piscina<Task, Reply<Result>>;
  readonly #failed: Promise<never>;

  /** `entry` is the compiled file whose default export runs a task, made by `answering`. */
  constructor(entry: string, workers: number) {
    this.#pool = new Piscina({
      filename: entry,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      // Tasks talk over message ports while they run; nothing may put the worker's event loop to sleep.
      atomics: 'disabled',
      recordTiming: false,
      // Piscina tries require() before import(). On an ES module that cannot be loaded, Node then reports a bug of its own
      // instead of what is wrong; so require() is told to leave ES modules alone.
      execArgv: process.allowedNodeEnvironmentFlags.has('--experimental-require-module')
        ? ['--no-experimental-require-module']
        : [],
    });
    // A worker that cannot load its entry has no task to report it with; unheard, the event would end the process.
    this.#failed = new Promise((_, reject) => this.#pool.once('error', reject));
    this.#failed.catch(() => {});
  }

  async run(task: Task, options: RunTaskOptions = {}): Promise<Result> {
    try {
      const done = this.#pool.run(task, {
        ...(options.transfer && { transferList: [...options.transfer] as never }),
        ...(options.signal && { signal: options.signal }),
      });
      return answerOf(await Promise.race([done, this.#failed]));
    } catch (error) {
      throw asColeError(error, 'ERR_DATA');
    }
  }

  /** Ends the workers, whatever they do. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
