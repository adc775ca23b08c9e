/**
 * Runs the language model in a worker thread, since a run of onnxruntime blocks the thread that calls it. The thread and
 * the session start with the first batch: who finds every vector in the cache loads no model.
 */
import { Worker } from 'node:worker_threads';
import { asColeError, ColeError, packageFile } from '../base/index.js';
import type { Feed } from './batches.js';
import { ExitGuard } from './exit-guard.js';
import type { Reply, Request, SessionData } from './worker.js';

export class ModelSession {
  #worker: Worker | undefined;
  #next = 0;
  #failure: ColeError | undefined;
  readonly #open = new Map<number, { resolve(data: readonly Float32Array[]): void; reject(error: unknown): void }>();

  readonly #guard = new ExitGuard();
  readonly #onExit = () => this.#guard.stop();

  constructor(private readonly data: Omit<SessionData, 'guard'>) {}

  /** Each output, such as vectors [texts, dimension] of a pooling. Batches are run one after the other, in the order of the calls. */
  run(feeds: Readonly<Record<string, Feed>>): Promise<readonly Float32Array[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#worker ??= this.#start();
    const request: Request = { id: this.#next++, feeds };
    return new Promise((resolve, reject) => {
      this.#open.set(request.id, { resolve, reject });
      this.#worker!.ref();
      this.#worker!.postMessage(
        request,
        Object.values(feeds).map(({ data }) => data.buffer),
      );
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#fail(new ColeError('ERR_MODEL', 'expected an open embedder, got one that is closed'));
    if (!worker) return;
    // The session is released where it lives; a thread that is ended from outside may be in the middle of native code.
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    worker.postMessage(null);
    await exit;
  }

  #start(): Worker {
    const worker = new Worker(packageFile('dist', 'lm', 'worker.js'), {
      workerData: { ...this.data, guard: this.#guard.buffer },
      // Flags of the process, such as --input-type of `node -e`, are not for this file.
      execArgv: [],
    });
    process.on('exit', this.#onExit);
    worker.on('message', (reply: Reply) => {
      const waiting = this.#open.get(reply.id);
      if (!waiting) return;
      this.#open.delete(reply.id);
      // An idle thread keeps nobody's process alive.
      if (this.#open.size === 0) worker.unref();
      if ('data' in reply) waiting.resolve(reply.data);
      else waiting.reject(asColeError(reply, 'ERR_MODEL'));
    });
    worker.on('error', (error) => this.#fail(asColeError(error, 'ERR_MODEL')));
    worker.on('exit', () => {
      process.off('exit', this.#onExit);
      this.#fail(new ColeError('ERR_MODEL', 'the thread of the language model ended'));
    });
    return worker;
  }

  #fail(error: ColeError): void {
    this.#failure ??= error;
    for (const { reject } of this.#open.values()) reject(this.#failure);
    this.#open.clear();
  }
}
