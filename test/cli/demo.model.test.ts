/** `cole demo`, small: real searches on the embedded benchmark with a real language model, then a report; run twice. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cole, temporaryFolder } from './run.js';

it('searches, reports, and has nothing to do the second time', async () => {
  const cwd = temporaryFolder();
  const args = ['demo', '--out', 'run', '--trials', '2', '--budget', '30', '--json'];
  const first = await cole(args, { cwd });
  expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('nas-bench-201-digits')]);
  const { report, summaries } = JSON.parse(first.stdout);
  const methods = summaries.map(({ method }: { method: string }) => method);
  expect(methods).toHaveLength(5);
  expect(new Set(methods).size).toBe(5);
  for (const { trials, curve, objective } of summaries) {
    expect(trials).toEqual({ planned: 2, done: 2 });
    expect(curve.mean).toHaveLength(30);
    expect(curve.mean.at(-1)).toBeLessThanOrEqual(objective.best);
    expect(curve.mean.at(-1)).toBeGreaterThan(curve.mean[0]);
  }
  const page = readFileSync(join(cwd, report), 'utf8');
  for (const method of methods) expect(page).toContain(method.split(' ')[1] ?? method);
  expect(readdirSync(join(cwd, 'run', 'report'))).toEqual(expect.arrayContaining(['curves.svg', 'targets.csv']));

  const journal = join(cwd, 'run', 'code', 'journal.jsonl');
  const written = statSync(journal).mtimeMs;
  const again = await cole(args, { cwd });
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout).summaries).toEqual(summaries);
  expect(statSync(journal).mtimeMs).toBe(written);
});
