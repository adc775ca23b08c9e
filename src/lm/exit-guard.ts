/**
 * Lets a process end while a worker thread is inside onnxruntime. Node stops its threads when the process exits, and a
 * native run that comes back to a stopped thread aborts the process. So the thread marks its native sections, and who
 * exits waits for the section that is open and lets no further one begin.
 */
const busy = 0;
const stopped = 1;
const patienceMs = 60_000;

export class ExitGuard {
  readonly #state: Int32Array;

  constructor(readonly buffer = new SharedArrayBuffer(8)) {
    this.#state = new Int32Array(buffer);
  }

  /** In the worker: false where the process is ending and nothing native may begin. */
  enter(): boolean {
    // Marked before the look at `stopped`, which the other side sets before its look at `busy`: one of the two sees the other.
    Atomics.store(this.#state, busy, 1);
    if (Atomics.load(this.#state, stopped) === 0) return true;
    this.leave();
    return false;
  }

  leave(): void {
    Atomics.store(this.#state, busy, 0);
    Atomics.notify(this.#state, busy);
  }

  /** On the other side, when the process exits: blocks until nothing native runs. */
  stop(): void {
    Atomics.store(this.#state, stopped, 1);
    Atomics.wait(this.#state, busy, 1, patienceMs);
  }
}
