/** One study on every instruction set of this CPU: sums in another order, training steps that drift apart, nearly the same tau. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '#cole/base/index.js';
import { native } from '#cole/native/index.js';

/** Mean tau per loss and size. */
function study(isa: string): number[] {
  const out = mkdtempSync(join(tmpdir(), 'cole-isa-'));
  const cut = ['--population', '2500', '--folds', '4', '--repeats', '1', '--sizes', '55,220', '--losses', 'mse,hinge'];
  const args = ['study', 'regression', '--features', 'ngrams', ...cut, '--json', '--out', join(out, 'run')];
  const child = spawnSync(process.execPath, [packageFile('dist', 'cli', 'main.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, COLE_ISA: isa },
  });
  rmSync(out, { recursive: true });
  if (child.status !== 0) throw new Error(child.stderr);
  const { results } = JSON.parse(child.stdout) as { results: { metrics: { tau: { mean: number } } }[] };
  return results.map(({ metrics }) => metrics.tau.mean);
}

describe('instruction sets', () => {
  it('move the tau of a study by less than 0.005', () => {
    const [first, ...others] = native().info().supported.map(study);
    expect(first).toHaveLength(4);
    for (const tau of first!) expect(tau).toBeGreaterThan(0.5);
    for (const other of others)
      for (const [i, tau] of other.entries()) expect(Math.abs(tau - first![i]!)).toBeLessThan(0.005);
  }, 120_000);
});
