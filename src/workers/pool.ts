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
  /** Whether a task whose worker came to an end goes to another one, once; for tasks that transfer nothing. */
  readonly isRepeatable?: boolean;
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
    const { transfer, signal } = options;
    const attempt = () =>
      Promise.race([
        this.#pool.run(task, { ...(transfer && { transferList: [...transfer] as never }), ...(signal && { signal }) }),
        this.#failed,
      ]);
    // What a task fails with is in its answer; what is thrown here befell its worker.
    const lost = (error: unknown) => {
      throw asColeError(error, 'ERR_DATA');
    };
    const reply = await attempt().catch((error) =>
      options.isRepeatable && !signal?.aborted ? attempt().catch(lost) : lost(error),
    );
    return answerOf(reply);
  }

  /** Ends the workers, whatever they do. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
