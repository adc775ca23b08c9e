/** Scores of a chunk in hand, kept as they come: what was scored before a kill is not scored again. */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runScreen } from '#cole/index.js';
import { Part } from '#cole/screen/part.js';
import { common, folder, fresh, outcome } from './known.js';

const items = Array.from({ length: 10 }, (_, at) => ({ key: `${at}`, identity: `net ${at}`, text: '' }));
const scores = (rows: number) =>
  [Float64Array.from({ length: rows }, Math.sqrt), new Float64Array(rows).fill(-0)] as const;
const later = () => sleep(300);

describe('a part', () => {
  it('gives back the very bits, and goes on after them', async () => {
    const path = join(folder, 'bits.part');
    const [mean, std] = scores(10);
    const part = new Part(path, items);
    part.write(mean, std, 2); // Too soon after the last one: none.
    expect(existsSync(path)).toBe(false);
    await later();
    part.write(mean, std, 4);
    await later();
    part.write(mean, std, 7);
    const [again, deviations] = [new Float64Array(10), new Float64Array(10).fill(1)];
    const next = new Part(path, items);
    expect(next.read(again, deviations)).toBe(7);
    expect(next.secondsBefore).toBeGreaterThan(0.5);
    expect(next.secondsBefore).toBeLessThan(30);
    expect(again.slice(0, 7)).toEqual(mean.slice(0, 7));
    expect([...deviations].every((value, at) => Object.is(value, at < 7 ? -0 : 1))).toBe(true);
    await later();
    next.write(mean, std, 10);
    expect(new Part(path, items).read(again, deviations)).toBe(10);
    expect(again).toEqual(mean);
  });
  it('is of its items, and ends where it is damaged', async () => {
    const path = join(folder, 'damaged.part');
    const [mean, std] = scores(10);
    const part = new Part(path, items);
    await later();
    part.write(mean, std, 4);
    const whole = readFileSync(path);
    const rows = () => new Part(path, items).read(new Float64Array(10), new Float64Array(10));
    for (const tail of [whole.subarray(0, -9), Buffer.alloc(64), Buffer.from(`${'\0'.repeat(64)}\n`)]) {
      appendFileSync(path, tail);
      expect(rows()).toBe(4);
      expect(readFileSync(path)).toEqual(whole);
    }
    expect(new Part(path, items.toReversed()).read(new Float64Array(10), new Float64Array(10))).toBe(0);
    expect(rows()).toBe(0);
  });
});

it('a kill in the middle of a chunk costs less than the chunk, and nothing of the outcome', {
  timeout: 120_000,
}, async () => {
  const options = { ...common, features: 'counts/ngrams/counts+ngrams', count: 9000, chunk: 9000, workers: 1 };
  const out = fresh();
  const part = join(out, 'chunk-0.part');
  const script = `import { runScreen } from '#cole/index.js'; await runScreen(${JSON.stringify({ ...options, out })});`;
  for (const lines of [1, 2]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const written = () => (existsSync(part) ? readFileSync(part, 'utf8').split('\n').length - 1 : 0);
    while (written() < lines && child.exitCode === null) await sleep(2);
    child.kill('SIGKILL');
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
  }
  // A score that no head gives: where it is found, the network was not scored a second time.
  const [first, ...rest] = readFileSync(part, 'utf8').split('\n');
  const line = JSON.parse(first!) as { of: string; scores: string };
  const bytes = Buffer.from(line.scores, 'base64');
  bytes.writeDoubleLE(1e9, 0);
  writeFileSync(part, [JSON.stringify({ ...line, scores: bytes.toString('base64') }), ...rest].join('\n'));
  await runScreen({ ...options, out });
  const found = await outcome(out);
  expect(found.top[0]!.score).toBe(1e9);
  expect(readdirSync(out).sort()).toEqual(['journal.jsonl', 'manifest.json', 'summary.json', 'top.arrow']);

  const whole = fresh();
  await runScreen({ ...options, out: whole });
  const expected = await outcome(whole);
  const { key } = found.top[0]!;
  expect({ ...found, top: found.top.slice(1) }).toEqual({
    ...expected,
    top: expected.top.filter((row) => row.key !== key).slice(0, 39),
  });
});
