/** Screens that are lengthened, bound by time, robbed of a worker or cut off: the outcome is that of one in one go. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stream } from '#cole/base/index.js';
import type { InputRow } from '#cole/screen/index.js';
import { space } from '#cole/spaces/index.js';
import { cascade, common, fresh, name, outcome, screen } from './known.js';

const entries = (out: string) =>
  readFileSync(join(out, 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const whole = await screen(cascade);

describe('a screen', () => {
  it('survives the loss of a worker', async () => {
    const workers: Worker[] = [];
    const keep = (worker: Worker) => workers.push(worker);
    process.on('worker', keep);
    onTestFinished(() => {
      process.off('worker', keep);
    });
    let ended = 0;
    const onProgress = () => {
      if (ended < 2) void workers[ended++]!.terminate();
    };
    const { out } = await screen({ ...cascade, workers: 2 }, fresh(), { onProgress });
    expect(ended).toBe(2);
    expect(workers.length).toBe(4);
    expect(await outcome(out)).toEqual(await outcome(whole.out));
  });

  it('fails where no worker lasts, and goes on later', async () => {
    // A worker says that it is ready, and has a task from then on.
    const end = (worker: Worker) => void worker.once('message', () => setTimeout(() => worker.terminate(), 20));
    process.on('worker', end);
    const out = fresh();
    await expect(screen({ ...cascade, workers: 1 }, out)).rejects.toThrow('worker exited');
    process.off('worker', end);
    await screen(cascade, out);
    expect(await outcome(out)).toEqual(await outcome(whole.out));
  });

  it('is lengthened: what is done stays done, and the outcome is that of a longer one', async () => {
    const { out } = await screen({ ...cascade, count: 350 });
    await screen({ ...cascade, extend: true }, out);
    expect(await outcome(out)).toEqual(await outcome(whole.out));
    // The fourth chunk was begun by half, and is done again.
    expect(
      entries(out)
        .flatMap(({ type, index }) => (type === 'chunk' ? [index] : []))
        .sort(),
    ).toEqual([0, 1, 2, 3, 3, 4, 5, 6, 7]);
    const again = await screen({ ...cascade, extend: true }, out);
    expect(again.summary.chunks).toBe(8);
    await expect(screen({ ...cascade, count: 900 }, out)).rejects.toThrow('whose count is 800, got 900');
    await expect(screen({ ...cascade, count: 700, extend: true }, out)).rejects.toThrow('whose count is 800, got 700');
    await expect(screen({ ...cascade, count: 900, top: 9, extend: true }, out)).rejects.toThrow('whose top is 40');
    expect(await outcome(out)).toEqual(await outcome(whole.out));
  });

  it('keeps a journal of what may matter, and reads one that was cut off in mid-line', async () => {
    const rows = entries(whole.out).flatMap(({ type, top }) => (type === 'chunk' ? [top.length] : []));
    expect(rows).toHaveLength(8);
    expect(rows.at(-1)).toBeLessThan(common.top / 2);
    const out = fresh();
    await screen({ ...cascade, workers: 1 }, out);
    const lines = readFileSync(join(out, 'journal.jsonl'), 'utf8').split('\n');
    const other = fresh();
    await expect(screen({ ...cascade, workers: 1 }, other, { signal: AbortSignal.abort() })).rejects.toThrow(
      'interrupted',
    );
    writeFileSync(join(other, 'journal.jsonl'), `${lines.slice(0, 5).join('\n')}\n`);
    appendFileSync(join(other, 'journal.jsonl'), lines[5]!.slice(0, 200));
    await screen(cascade, other);
    expect(await outcome(other)).toEqual(await outcome(whole.out));
  });

  it('is bound by a time, which becomes a part once', async () => {
    const { out, summary } = await screen({ ...cascade, full: '0.001s' });
    expect(summary.share).toBeGreaterThan(0);
    expect(summary.share).toBeLessThan(1);
    expect(summary.full).toBeGreaterThanOrEqual(summary.share * summary.distinct);
    expect(summary.full).toBeLessThan(summary.share * summary.distinct + 8);
    const part = await screen({ ...cascade, full: `${100 * summary.share}%` });
    expect((await outcome(out)).top).toEqual((await outcome(part.out)).top);
    // Longer by another process, on a machine that may be slower: the part stays.
    const extended = await screen({ ...cascade, full: '0.001s', count: 900, extend: true }, out);
    expect(extended.summary.share).toBe(summary.share);
    expect((await screen({ ...cascade, full: '1h' })).summary.share).toBe(1);
  });

  it('is bound by a time where rows are read, which are counted first', async () => {
    const { print, sample } = space(name);
    const rng = stream('screen input');
    const archs = Array.from({ length: 300 }, () => print(sample(rng)));
    const rows = async function* (): AsyncGenerator<InputRow> {
      for (const arch of archs) yield { arch, place: 'here' };
    };
    const { count: _, ...rest } = cascade;
    const input = { identity: 'archs', rows };
    const { summary } = await screen({ ...rest, input, full: '0.001s' });
    expect(summary.taken).toBe(300);
    expect(summary.share).toBeLessThan(1);
    const vectors = async function* (): AsyncGenerator<InputRow> {
      yield { key: 'a', vector: Float32Array.of(1) };
    };
    const given = { identity: 'vectors', rows: vectors };
    await expect(screen({ ...rest, input: given, full: '1min' })).rejects.toThrow('100% as full of embeddings');
    await expect(screen({ ...rest, input, extend: true }, (await screen({ ...rest, input })).out)).rejects.toThrow(
      'random architectures in a screen that is extended',
    );
  });
});
