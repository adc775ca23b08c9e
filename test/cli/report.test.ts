/** `cole report` on real runs, and what it says of evaluations saved. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { space } from '#cole/spaces/index.js';
import { compareRuns } from '#cole/study/index.js';
import { cole, temporaryFolder } from './run.js';

async function runs(): Promise<string> {
  const cwd = temporaryFolder();
  const nasBench201 = space('nas-bench-201');
  const noise = stream('report test');
  const lines = [...nasBench201.enumerate!()].map((arch) => {
    const text = nasBench201.print(arch);
    return `${text},${(50 + 5 * text.split('3x3').length + noise.float()).toFixed(4)}`;
  });
  writeFileSync(join(cwd, 'table.csv'), `arch,accuracy\n${lines.join('\n')}\n`);
  const base = ['search', '--table', 'table.csv', '--metric', 'accuracy', '--trials', '4', '--budget', '50'];
  for (const [out, ...method] of [
    ['runs/path', '--features', 'path'],
    ['runs/ngrams', '--features', 'ngrams'],
    ['runs/random', '--strategy', 'random'],
  ] as const) {
    const { code, stderr } = await cole([...base, ...method, '--out', out], { cwd });
    expect([code, stderr]).toEqual([0, expect.stringContaining(out)]);
  }
  return cwd;
}

describe('report', () => {
  it('reads runs, or the folder of them, and compares with path encoding', async () => {
    const cwd = await runs();
    const { code, stdout } = await cole(['report', 'runs', '--out', 'report.html', '--json'], { cwd });
    expect([code, JSON.parse(stdout)]).toEqual([0, { report: 'report.html' }]);
    const page = readFileSync(join(cwd, 'report.html'), 'utf8');
    for (const name of ['path', 'ngrams', 'random']) expect(page).toContain(name);
    expect(page).not.toMatch(/(?:src|href)="https?:/);
    const targets = readFileSync(join(cwd, 'report', 'targets.csv'), 'utf8');
    expect(targets.split('\n')[0]).toContain('change_low_at_99');

    const compared = compareRuns([join(cwd, 'runs')]);
    expect(new Set(compared.map(({ run }) => run))).toEqual(
      new Set([join(cwd, 'runs/ngrams'), join(cwd, 'runs/random')]),
    );
    for (const { low, reduction, high } of compared) {
      expect(low).toBeLessThanOrEqual(reduction);
      expect(reduction).toBeLessThanOrEqual(high);
    }
    expect(compareRuns([join(cwd, 'runs/random'), join(cwd, 'runs/ngrams')])).toEqual([]);
  });
  it('refuses what is no run', async () => {
    const cwd = temporaryFolder();
    const absent = await cole(['report', 'absent'], { cwd });
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('absent')]);
    expect((await cole(['report', cwd], { cwd })).code).toBe(2);
    expect((await cole(['report'], { cwd })).code).toBe(2);
    expect(existsSync(join(cwd, 'report.html'))).toBe(false);
  });
});
