import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { callSites, helperClass, renderer, styles } from '#cole/code/index.js';
import { type Cell, nasBench201, passesFilter } from '#cole/spaces/index.js';

// What the texts compute, by running them. Needs a Python with PyTorch; without one the tests are skipped.
const pythons = [process.env.COLE_PYTHON, 'python3', '/usr/bin/python3'].filter((p): p is string => Boolean(p));
const python = pythons.find((p) => spawnSync(p, ['-c', 'import torch']).status === 0);
const reason = `no Python with torch among ${pythons.join(', ')}`;

const script = fileURLToPath(new URL('run_cells.py', import.meta.url));

type Result = Record<string, number> & { paths_runs: boolean; swapped?: number };

function run(cells: readonly Cell[]): Result[] {
  const lines = cells.map((cell) => ({
    texts: Object.fromEntries(styles('nas-bench-201').map((s) => [s, renderer('nas-bench-201', s).render(cell)])),
    sites: callSites(cell),
  }));
  const input = [{ helper: helperClass }, ...lines].map((line) => JSON.stringify(line)).join('\n');
  const done = spawnSync(python!, [script], { input, encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1' } });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('rendered cells in PyTorch', () => {
  it('compute the original cell in every style that claims to', { timeout: 120_000 }, (ctx) => {
    if (!python) ctx.skip(reason);
    const rng = stream('torch-test');
    const all = [...nasBench201.enumerate()];
    const cells = [
      ...rng.shuffle(all).slice(0, 150),
      // Cells with dead ends are rare among random ones, and the ones that a normal form gets wrong.
      ...rng.shuffle(all.filter((cell) => cell.filter((op) => op === 'none').length >= 3)).slice(0, 100),
      ...rng.shuffle(all.filter((cell) => !passesFilter(cell))).slice(0, 20),
      ...all.filter((cell) => cell.every((op) => op === cell[0])),
    ];
    const results = run(cells);
    expect(results.length).toBe(cells.length);
    results.forEach((result, i) => {
      const { paths_runs, swapped, ...differences } = result;
      const worst = Math.max(...Object.values(differences));
      expect(worst, `${nasBench201.print(cells[i]!)} ${JSON.stringify(result)}`).toBeLessThan(1e-9);
      expect(paths_runs).toBe(true);
    });
    const swaps = results.flatMap((result) => (result.swapped === undefined ? [] : [result.swapped]));
    expect(swaps.length).toBeGreaterThan(20);
    expect(swaps.filter((difference) => difference > 1e-3).length).toBeGreaterThan(swaps.length / 2);
  });
});
