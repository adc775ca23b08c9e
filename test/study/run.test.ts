import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileToColumns } from '#cole/arrow/index.js';
import { packageFile, stream } from '#cole/base/index.js';
import { nasBench201 as space } from '#cole/spaces/index.js';
import { compareRuns, type RunSearchOptions, runSearch } from '#cole/study/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const table = join(folder, 'table.csv');
const rng = stream(0, 'values');
const rows = [...space.enumerate()].flatMap((cell, id) => {
  const value =
    cell.filter((op) => op === 'nor_conv_3x3').length + cell.filter((op) => op === 'skip_connect').length / 2;
  const noise = rng.float();
  // One in five is missing.
  return id % 5 === 0 ? [] : [`${space.print(cell)},${(80 + value + noise).toFixed(2)},${(79 + value).toFixed(2)}`];
});
writeFileSync(table, `arch,val,test\n${rows.join('\n')}\n`);

let directories = 0;
const directory = () => join(folder, `run-${directories++}`);
const base: Omit<RunSearchOptions, 'out'> = {
  table,
  metric: 'val',
  testMetric: 'test',
  features: 'path',
  surrogate: { epochs: 15, hidden: [16], components: 16 },
  budget: 50,
  trials: 4,
  seed: 3,
  heldOut: 50,
};
const text = (out: string, name: string) => readFileSync(join(out, name), 'utf8');

/** A program that runs the search in a process of its own. */
const script = (options: RunSearchOptions) =>
  `import { runSearch } from ${JSON.stringify(packageFile('dist', 'study', 'index.js'))};
   await runSearch(${JSON.stringify(options)});`;

describe('runSearch', () => {
  it('gives the same trials for any number of workers', { timeout: 120_000 }, async () => {
    const results = [];
    for (const workers of [1, 2, 3]) {
      const out = directory();
      await runSearch({ ...base, workers, out });
      results.push(text(out, 'trials.csv'));
    }
    expect(results[1]).toBe(results[0]);
    expect(results[2]).toBe(results[0]);
  });

  it('writes what its directory promises', { timeout: 60_000 }, async () => {
    const out = directory();
    const seen: number[] = [];
    const summary = await runSearch(
      { ...base, out },
      { onProgress: ({ done }) => seen.push(done), command: 'cole search' },
    );
    const [header, ...lines] = text(out, 'trials.csv').trimEnd().split('\n');
    expect(header).toBe('trial,seed,evaluation,arch,value,best,test');
    expect(lines).toHaveLength(4 * 50);
    let best = 0;
    for (const [i, line] of lines.slice(0, 50).entries()) {
      const [trial, , evaluation, arch, value, bestSoFar, test] = line.split(',');
      best = Math.max(best, Number(value));
      expect([trial, evaluation, bestSoFar]).toEqual(['1', `${i + 1}`, `${best}`]);
      expect(rows).toContain(`${arch},${Number(value).toFixed(2)},${Number(test).toFixed(2)}`);
    }
    const arrow = fileToColumns('trials.arrow', readFileSync(join(out, 'trials.arrow')));
    expect(arrow.rows).toBe(200);
    expect(arrow.columns.get('best')!.values[49]).toBe(best);
    const manifest = JSON.parse(text(out, 'manifest.json'));
    expect(manifest).toMatchObject({
      command: 'cole search',
      options: { budget: 50, seed: 3, features: { spec: 'path' } },
    });
    expect(manifest.hashes).toMatchObject({ table: expect.stringMatching(/^[0-9a-f]{64}$/), code: expect.any(String) });
    expect(manifest.cpu.isa).toEqual(expect.any(String));
    expect(JSON.parse(text(out, 'summary.json'))).toEqual(summary);
    expect(summary.trials).toEqual({ planned: 4, done: 4 });
    expect(summary.misses).toBeGreaterThan(10);
    expect(summary.tau.map(({ evaluations }) => evaluations)).toEqual(expect.arrayContaining([20]));
    expect(summary.targets).toHaveLength(3);
    expect(summary.seconds.head).toBeGreaterThan(0);
    expect(seen.at(-1)).toBe(200);
  });

  it('does not run a finished run again', { timeout: 60_000 }, async () => {
    const out = directory();
    const first = await runSearch({ ...base, strategy: 'random', features: undefined!, surrogate: undefined!, out });
    const before = statSync(join(out, 'journal.jsonl')).mtimeMs;
    const copy = join(folder, 'moved.csv');
    cpSync(table, copy);
    // Neither the place of the table nor the number of workers is part of what was run.
    const again = await runSearch({
      ...base,
      strategy: 'random',
      features: undefined!,
      surrogate: undefined!,
      table: copy,
      workers: 1,
      out,
    });
    expect(again).toEqual(first);
    expect(statSync(join(out, 'journal.jsonl')).mtimeMs).toBe(before);
  });

  it('refuses the directory of another run, naming the first difference', { timeout: 60_000 }, async () => {
    const out = directory();
    const options = { table, metric: 'val', strategy: 'random', budget: 20, out } as const;
    await runSearch(options);
    const refusal = (change: Partial<RunSearchOptions>) => runSearch({ ...options, ...change });
    await expect(refusal({ budget: 30 })).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining('whose budget is 20, got 30'),
    });
    await expect(refusal({ metric: 'test' })).rejects.toThrow('whose metric is "val", got "test"');
    await expect(refusal({ strategy: 'evolution' })).rejects.toThrow(
      'whose settings.strategy is "random", got "evolution"',
    );
    const other = join(folder, 'other.csv');
    writeFileSync(other, `arch,val\n${rows.map((row) => row.split(',').slice(0, 2).join(',')).join('\n')}\n`);
    await expect(refusal({ table: other })).rejects.toThrow('expected the table with which');
    await expect(runSearch({ ...options, out: folder })).rejects.toThrow('expected a run directory or an empty one');
  });

  it.each([
    [{ metric: 'vl' }, 'did you mean val?'],
    [{ testMetric: 'tset' }, 'did you mean test?'],
    [{ budget: 0 }, 'for budget, got 0'],
    [{ trials: 1.5 }, 'for trials, got 1.5'],
    [{ trials: 1e9 }, 'at most 100000 trials, got 1000000000'],
    [{ workers: 0 }, 'for workers, got 0'],
    [{ benchmark: 'nas-bench-201-digits' }, 'got table and benchmark'],
    [{ table: undefined }, 'got none'],
    [{ buget: 5 }, 'did you mean budget?'],
    [{ strategy: 'random' }, 'expected no features for strategy random'],
    [{ model: 'smollm2-135m' }, 'expected no model for features path'],
    [{ features: 'pth' }, 'did you mean path?'],
    [{ space: 'nas-bench-301' }, 'as space, got nas-bench-301'],
  ])('refuses %j before it writes anything', async (change, message) => {
    const out = directory();
    await expect(runSearch({ ...base, ...(change as object), out })).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });

  it('ends a trial that cannot find more in the table', { timeout: 60_000 }, async () => {
    const small = join(folder, 'small.csv');
    writeFileSync(
      small,
      `arch,val\n${rows
        .slice(0, 30)
        .map((row) => row.split(',').slice(0, 2).join(','))
        .join('\n')}\n`,
    );
    const summary = await runSearch({ table: small, metric: 'val', strategy: 'random', budget: 100, out: directory() });
    expect(summary.ended).toEqual({ space: 1, misses: 0 });
    expect(summary.misses).toBe(15_625 - 30);
    expect(summary.curve.mean.at(-1)).toBe(summary.objective.best);
  });
});

describe('compareRuns', () => {
  it('pairs the trials of finished runs with those of path encoding', { timeout: 120_000 }, async () => {
    const options = { ...base, budget: 30, trials: 3 };
    const [path, adjacency, random, longer] = [directory(), directory(), directory(), directory()];
    await runSearch({ ...options, out: path });
    await runSearch({ ...options, features: 'adjacency', out: adjacency });
    const plain = { table, metric: 'val', strategy: 'random', seed: 3, trials: 3 } as const;
    await runSearch({ ...plain, budget: 30, out: random });
    await runSearch({ ...plain, budget: 31, out: longer });
    const hits = (out: string, target: number) =>
      [1, 2, 3].map((trial) => {
        const lines = text(out, 'trials.csv')
          .split('\n')
          .filter((line) => line.startsWith(`${trial},`));
        const at = lines.findIndex((line) => Number(line.split(',')[5]) >= target);
        return at < 0 ? 30 : at + 1;
      });
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    const best = Math.max(...rows.map((row) => Number(row.split(',')[1])));
    const found = compareRuns([path, adjacency, random, longer]);
    expect(found.map(({ run, fraction }) => [run, fraction])).toEqual(
      [adjacency, random].flatMap((run) => [0.99, 0.995, 0.9975].map((fraction) => [run, fraction])),
    );
    for (const { run, baseline, fraction, reduction, low, high } of found) {
      expect(baseline).toBe(path);
      const expected = 1 - sum(hits(run, fraction * best)) / sum(hits(path, fraction * best));
      expect(reduction).toBeCloseTo(expected, 12);
      expect(low).toBeLessThanOrEqual(reduction + 1e-12);
      expect(high).toBeGreaterThanOrEqual(reduction - 1e-12);
    }
    expect(compareRuns([adjacency, random])).toEqual([]);
  });
});

describe('a run that was cut off', () => {
  const whole = (async () => {
    const out = directory();
    await runSearch({ ...base, out });
    return out;
  })();

  const child = (out: string) =>
    spawn(process.execPath, ['--input-type=module', '-e', script({ ...base, out })], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });

  it('by kill -9 at any moment goes on to the same bytes', { timeout: 300_000 }, async () => {
    const expected = text(await whole, 'trials.csv');
    const lines = text(await whole, 'journal.jsonl').split('\n').length;
    const moments = stream(process.pid, 'kills');
    for (let round = 0; round < 2; round++) {
      const out = directory();
      let kills = 0;
      for (;;) {
        const process = child(out);
        const exited = once(process, 'exit');
        const journal = join(out, 'journal.jsonl');
        const had = existsSync(journal) ? text(out, 'journal.jsonl').split('\n').length : 0;
        // Somewhere within the next few batches, at no particular place in the code.
        const until = had + 1 + moments.int(Math.ceil(lines / 1.5));
        while (
          process.exitCode === null &&
          (!existsSync(journal) || text(out, 'journal.jsonl').split('\n').length < until)
        ) {
          await new Promise((resolve) => setTimeout(resolve, moments.int(20)));
        }
        process.kill('SIGKILL');
        const [code] = await exited;
        if (code === 0) break;
        // Killed, not failed.
        expect(code).toBeNull();
        kills++;
      }
      expect(kills).toBeGreaterThan(0);
      expect(text(out, 'trials.csv')).toBe(expected);
    }
  });

  it('in the middle of a line drops that line', { timeout: 120_000 }, async () => {
    const expected = text(await whole, 'trials.csv');
    for (const share of [0.05, 0.5, 0.9]) {
      const out = directory();
      cpSync(await whole, out, { recursive: true });
      for (const name of ['summary.json', 'trials.csv', 'trials.arrow']) rmSync(join(out, name));
      const journal = join(out, 'journal.jsonl');
      truncateSync(journal, Math.floor(statSync(journal).size * share));
      await runSearch({ ...base, out });
      expect(text(out, 'trials.csv')).toBe(expected);
    }
  });

  it('names the line of a journal that is damaged elsewhere', async () => {
    const out = directory();
    cpSync(await whole, out, { recursive: true });
    rmSync(join(out, 'summary.json'));
    appendFileSync(join(out, 'journal.jsonl'), 'not json\n');
    await expect(runSearch({ ...base, out })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/journal entry on line \d+ of .*journal.jsonl, got not json/),
    });
  });

  it.skipIf(!['linux', 'win32'].includes(process.platform))(
    'is one process at a time',
    { timeout: 60_000 },
    async () => {
      const out = directory();
      const first = runSearch({ ...base, out });
      const second = runSearch({ ...base, out });
      const outcomes = await Promise.allSettled([first, second]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(refused.reason).toMatchObject({
        code: 'ERR_OPTION',
        message: expect.stringContaining('no other process'),
      });
      expect(text(out, 'trials.csv')).toBe(text(await whole, 'trials.csv'));
    },
  );

  it('by a signal ends with ERR_INTERRUPTED and goes on', { timeout: 120_000 }, async () => {
    const out = directory();
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      if (done >= 60) controller.abort();
    };
    await expect(runSearch({ ...base, out }, { onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_INTERRUPTED',
    });
    expect(existsSync(join(out, 'trials.csv'))).toBe(false);
    expect(text(out, 'journal.jsonl').endsWith('\n')).toBe(true);
    await expect(runSearch({ ...base, out }, { signal: controller.signal })).rejects.toThrow('interrupted');
    await runSearch({ ...base, out });
    expect(text(out, 'trials.csv')).toBe(text(await whole, 'trials.csv'));
  });
});

describe.skipIf(process.platform === 'win32')('a write that the system refuses', () => {
  it('is ERR_IO with the name of the file, and the run goes on once there is room', { timeout: 120_000 }, async () => {
    const options = { table, metric: 'val', strategy: 'random', budget: 40, trials: 4 } as const;
    const [out, whole] = [directory(), directory()];
    await runSearch({ ...options, out: whole });
    // Files of at most 8 KiB: the journal stops in the middle of a line.
    const limited = spawn(
      'sh',
      [
        '-c',
        `trap '' XFSZ; ulimit -f 16; exec "$0" --input-type=module -e "$1"`,
        process.execPath,
        script({ ...options, out }),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let errors = '';
    limited.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    const [code] = await once(limited, 'close');
    expect(code).toBe(1);
    expect(errors).toMatch(/expected to write .*journal.jsonl, but/);
    expect(errors).toContain('ERR_IO');
    expect(text(out, 'journal.jsonl').endsWith('\n')).toBe(false);
    await runSearch({ ...options, out });
    expect(text(out, 'trials.csv')).toBe(text(whole, 'trials.csv'));
  });
});
