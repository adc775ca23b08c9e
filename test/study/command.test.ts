/** Searches whose architectures are trained by a program: cut off anywhere, they come to the same trials. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { packageFile, stream } from '#cole/base/index.js';
import { type RunSearchOptions, runSearch } from '#cole/study/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-command-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The value depends on code and seed alone; the time it takes does not. Some are invalid. */
const trainer = join(folder, 'trainer.mjs');
writeFileSync(
  trainer,
  `import { createHash } from 'node:crypto';
   import { readFileSync } from 'node:fs';
   import { createInterface } from 'node:readline';
   createInterface({ input: process.stdin }).on('line', async (line) => {
     const { id, code, seed } = JSON.parse(line);
     const text = readFileSync(code, 'utf8');
     const draw = createHash('sha256').update(text + seed).digest()[0] / 256;
     await new Promise((resolve) => setTimeout(resolve, 30 * Math.random()));
     const accuracy = 50 + (text.match(/Conv2d/g) ?? []).length + draw;
     console.log(JSON.stringify(draw < 0.1 ? { id, invalid: 'unlucky' } : { id, metrics: { accuracy, test: draw } }));
   });`,
);
const command = `'${process.execPath}' '${trainer}'`;
let directories = 0;
const directory = () => join(folder, `run-${directories++}`);
const options = {
  command: { command, serve: true, parallel: 2 },
  metric: 'accuracy',
  testMetric: 'test',
  features: 'ngrams',
  style: 'nested',
  surrogate: { epochs: 10, hidden: [16], components: 16 },
  bananas: { initial: 8 },
  budget: 30,
  batch: 6,
  trials: 2,
  seed: 3,
} satisfies Omit<RunSearchOptions, 'out'>;
const read = (out: string, name: string) => readFileSync(join(out, name), 'utf8');

interface Training {
  readonly type: string;
  readonly trial: number;
  readonly arch: string;
  readonly outcome: { readonly status: string };
}
const trainings = (out: string): Training[] =>
  read(out, 'journal.jsonl')
    .split('\n')
    .filter((line) => line.includes('"type":"training"'))
    .map((line) => JSON.parse(line));
const reference = (async () => {
  const out = directory();
  const summary = await runSearch({ ...options, out });
  return { out, summary };
})();

const program = (out: string) =>
  `import { runSearch } from ${JSON.stringify(packageFile('dist', 'study', 'index.js'))};
   await runSearch(${JSON.stringify({ ...options, out })});`;

describe('runSearch with a command', () => {
  it('journals each training once and sums it up', { timeout: 60_000 }, async () => {
    const { out, summary } = await reference;
    const all = trainings(out);
    const ok = all.filter(({ outcome }) => outcome.status === 'ok');
    expect(ok).toHaveLength(60);
    expect(new Set(all.map(({ trial, arch }) => `${trial} ${arch}`)).size).toBe(all.length);
    expect(summary.misses).toBe(all.length - ok.length);
    expect(summary.misses).toBeGreaterThan(0);
    const best = Math.max(
      ...ok.map(({ outcome }) => (outcome as never as { metrics: { accuracy: number } }).metrics.accuracy),
    );
    expect(summary.objective).toMatchObject({ kind: 'command', name: command, best, metrics: ['accuracy', 'test'] });
    expect(summary.targets).toEqual([]);
    // Mean of 15 ms a training, two at a time: most of the clock, and not booked on the search.
    expect(summary.seconds.training).toBeGreaterThan(0.2);
    expect(summary.seconds.rest).toBeLessThan(summary.seconds.training!);
    expect(JSON.parse(read(out, 'manifest.json')).options.source).toEqual({ command, serve: true, style: 'inline' });
  });
  it('comes to the same trials for any number of trainings at a time', { timeout: 60_000 }, async () => {
    const expected = read((await reference).out, 'trials.csv');
    for (const parallel of [1, 5]) {
      const out = directory();
      await runSearch({ ...options, command: { command, serve: true, parallel }, out });
      expect(read(out, 'trials.csv')).toBe(expected);
    }
  });
  it('trains nothing again when it is extended', { timeout: 60_000 }, async () => {
    const { out: whole } = await reference;
    const out = directory();
    // The last batch is cut short: two of six.
    await runSearch({ ...options, budget: 16, trials: 1, out });
    const before = trainings(out);
    await runSearch({ ...options, extend: true, out });
    expect(read(out, 'trials.csv')).toBe(read(whole, 'trials.csv'));
    const all = trainings(out);
    expect(all.slice(0, before.length)).toEqual(before);
    expect(new Set(all.map(({ trial, arch }) => `${trial} ${arch}`)).size).toBe(all.length);
  });
  it('goes on after kill -9 at any moment, and trains nothing twice that had finished', {
    timeout: 120_000,
  }, async () => {
    const expected = read((await reference).out, 'trials.csv');
    const moments = stream(process.pid, 'kills');
    const out = directory();
    let kills = 0;
    for (;;) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program(out)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const exited = once(child, 'exit');
      const had = existsSync(join(out, 'journal.jsonl')) ? trainings(out).length : 0;
      const until = had + 5 + moments.int(25);
      while (child.exitCode === null && (!existsSync(join(out, 'journal.jsonl')) || trainings(out).length < until))
        await sleep(moments.int(10));
      child.kill('SIGKILL');
      const [code] = await exited;
      if (code === 0) break;
      expect(code).toBeNull();
      kills++;
    }
    expect(kills).toBeGreaterThan(0);
    expect(read(out, 'trials.csv')).toBe(expected);
    const all = trainings(out).map(({ trial, arch }) => `${trial} ${arch}`);
    expect(new Set(all).size).toBe(all.length);
  });
  it('is stopped by a signal, its trainings with it, and goes on with other limits', { timeout: 60_000 }, async () => {
    const out = directory();
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      if (done >= 12) controller.abort();
    };
    await expect(runSearch({ ...options, out }, { onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_INTERRUPTED',
    });
    const other = { command, serve: true, parallel: 3, retries: 0, timeoutSeconds: 20, maxFailures: 2 };
    await runSearch({ ...options, command: other, out });
    expect(read(out, 'trials.csv')).toBe(read((await reference).out, 'trials.csv'));
    await expect(runSearch({ ...options, command: { ...other, style: 'helper' }, out })).rejects.toThrow(
      'whose source.style is "inline", got "helper"',
    );
  });
  it('tries what had failed again once the program is mended', { timeout: 60_000 }, async () => {
    const out = directory();
    const gate = join(folder, 'mended');
    const gated = `[ -e '${gate}' ] || { echo 'no data' >&2; exit 1; }; echo '{"metrics": {"accuracy": 5}}' > {out}`;
    const run = () => runSearch({ command: gated, metric: 'accuracy', strategy: 'random', budget: 6, batch: 6, out });
    await expect(run()).rejects.toMatchObject({ code: 'ERR_TRAINING', message: expect.stringContaining('no data') });
    writeFileSync(gate, '');
    const summary = await run();
    expect([summary.misses, summary.curve.mean.at(-1)]).toEqual([0, 5]);
  });
  it.each([
    [{ command: '' }, 'got an empty one'],
    [{ command: { command, parallel: 0 } }, 'for parallel, got 0'],
    [{ command: { command, style: 'neste' } }, 'did you mean nested?'],
    [{ benchmark: 'nas-bench-201-digits' }, 'got benchmark and command'],
    [{ metric: undefined }, 'expected a metric'],
  ])('refuses %j before it writes anything', async (change, message) => {
    const out = directory();
    await expect(runSearch({ ...options, ...(change as object), out })).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});
