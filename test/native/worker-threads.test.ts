/** The addon in worker threads that start, work and stop again and again; a hang names its phase. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { native } from '#cole/native/index.js';

const entry = fileURLToPath(new URL('worker.mjs', import.meta.url));

function within<T>(phase: string, promise: Promise<T>): Promise<T> {
  const limit = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`expected the worker to ${phase} within 20 s`)), 20_000);
    void promise.finally(() => clearTimeout(timer)).catch(() => undefined);
  });
  return Promise.race([promise, limit]);
}

function once<T>(worker: Worker, event: string): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once(event, resolve);
    worker.once('error', reject);
  });
}

describe('worker threads', () => {
  const rows = 24;
  const cols = 8;
  const shared = new Float32Array(new SharedArrayBuffer(4 * rows * cols)).map((_, i) => Math.sin(i * i));
  const expected = native().fitPca(shared, rows, cols, 4, 1).components;

  it('load, compute the same bits from shared memory, and stop, a hundred times without a leak', {
    timeout: 600_000,
  }, async () => {
    let before = 0;
    for (let round = 0; round < 100; round++) {
      if (round === 40) before = process.memoryUsage().rss;
      const worker = new Worker(entry, { workerData: { shared, rows, cols } });
      const components = await within('answer', once<Float32Array>(worker, 'message'));
      expect(components).toEqual(expected);
      await within('stop', worker.terminate());
    }
    // A worker that stays costs megabytes, sixty of them hundreds.
    expect(process.memoryUsage().rss - before).toBeLessThan(40e6);
  });

  it('stop in the middle of a call', { timeout: 60_000 }, async () => {
    const worker = new Worker(entry, { workerData: { shared, rows, cols, endless: true } });
    await within('start', once(worker, 'message'));
    await within('stop', worker.terminate());
    expect(native().fitPca(shared, rows, cols, 4, 1).components).toEqual(expected);
  });
});
