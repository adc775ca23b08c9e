/** A full disk in the middle of a search: named, nothing half-written, and the run goes on once there is room. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { smallDisk } from './disk.js';
import { cole, jsonLines, temporaryFolder } from './run.js';

it('names the full disk and goes on from the journal when there is room', async (context) => {
  const disk = smallDisk('64k');
  if (!disk) return context.skip('mounting a small file system needs root');
  const table = join(temporaryFolder(), 'table.csv');
  const archs = jsonLines((await cole(['sample', '--all'])).stdout).map(({ arch }) => arch);
  writeFileSync(table, `arch,accuracy\n${archs.map((arch, i) => `${arch},${(i * 7919) % 15625}`).join('\n')}\n`);
  const search = (out: string) =>
    cole([
      'search',
      '--table',
      table,
      '--metric',
      'accuracy',
      '--strategy',
      'random',
      '--budget',
      '100',
      '--trials',
      '8',
      '--out',
      out,
    ]);

  const out = join(disk, 'run');
  const { code, stderr } = await search(out);
  expect(code).toBe(1);
  expect(stderr).toMatch(/expected to write .*run.*, but the disk is full/);
  expect(readdirSync(out).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(existsSync(join(out, 'trials.csv'))).toBe(false);

  expect(spawnSync('mount', ['-o', 'remount,size=4m', disk]).status).toBe(0);
  expect((await search(out)).code).toBe(0);
  const elsewhere = join(temporaryFolder(), 'run');
  expect((await search(elsewhere)).code).toBe(0);
  const trials = (folder: string) => readFileSync(join(folder, 'trials.csv'), 'utf8');
  expect(trials(out)).toBe(trials(elsewhere));
});

it.runIf(process.platform === 'linux')('says at once where nothing can be made', { timeout: 30_000 }, async () => {
  const [out, file] = ['/proc/cole/run', '/proc/cole/file.arrow'];
  const benchmark = ['--benchmark', 'einspace-digits', '--features', 'counts'];
  const commands = [
    ['search', '--strategy', 'random', '--budget', '2', '--out', out],
    ['screen', '-n', '9', ...benchmark, '--full', '100%', '--out', out],
    ['study', 'regression', ...benchmark, '--sizes', '14', '--repeats', '1', '--out', out],
    ['sample', '-n', '2', '--out', file],
  ];
  for (const command of commands) {
    const { code, stderr } = await cole(command);
    expect([code, stderr]).toEqual([1, expect.stringContaining('expected to write /proc/cole')]);
    expect(stderr).toContain('but nothing can be made there');
  }
});
