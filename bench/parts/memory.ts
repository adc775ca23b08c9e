/** What reading memory costs at the least, for kernels that do little but read. */
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Threads that read the same bytes, each its part, whenever asked. */
export interface Readers {
  /** Seconds from the first start to the last end. */
  read(): Promise<number>;
  close(): Promise<void>;
}

interface Task {
  readonly bytes: Uint8Array;
  /** Rounds asked for, and arrivals over all rounds. */
  readonly signals: Int32Array;
  readonly threads: number;
}

/** Start and end in seconds of a clock that all threads share. */
type Interval = readonly [start: number, end: number];

const absent = 2;

/**
 * Reading is the C library's search for a byte that is not there, a vector loop without any other work. bytes: shared, none
 * of them a 2.
 */
export function startReaders(bytes: Uint8Array, threads: number): Readers {
  const signals = new Int32Array(new SharedArrayBuffer(8));
  const part = Math.ceil(bytes.length / threads);
  const workers = Array.from({ length: threads }, (_, i) => {
    const task: Task = { bytes: bytes.subarray(i * part, (i + 1) * part), signals, threads };
    return new Worker(fileURLToPath(import.meta.url), { workerData: task });
  });
  return {
    async read() {
      const answers = workers.map(
        (worker) => new Promise<Interval>((resolve, reject) => worker.once('message', resolve).once('error', reject)),
      );
      Atomics.add(signals, 0, 1);
      Atomics.notify(signals, 0);
      const intervals = await Promise.all(answers);
      return Math.max(...intervals.map(([, end]) => end)) - Math.min(...intervals.map(([start]) => start));
    },
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  };
}

function readWhenAsked({ bytes, signals, threads }: Task): never {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const now = () => Number(process.hrtime.bigint()) / 1e9;
  for (let round = 0; ; round++) {
    Atomics.wait(signals, 0, round);
    // All begin when the last is awake.
    Atomics.add(signals, 1, 1);
    while (Atomics.load(signals, 1) < threads * (round + 1));
    const start = now();
    if (data.indexOf(absent) !== -1) throw new Error(`expected no byte ${absent}`);
    parentPort!.postMessage([start, now()] satisfies Interval);
  }
}

if (!isMainThread) readWhenAsked(workerData as Task);
