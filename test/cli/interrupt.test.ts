/** Ctrl-C and worse in the middle of a search: exit code 130, and the same command comes to the same result. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { space } from '#cole/spaces/index.js';
import { cole, start, temporaryFolder, told } from './run.js';

const args = ['search', '--table', 'table.csv', '--metric', 'accuracy', '--features', 'path', '--out', 'run'];
const sizes = ['--trials', '6', '--budget', '60'];

function folderWithTable(): string {
  const folder = temporaryFolder();
  const rng = stream('interrupt test');
  const nasBench201 = space('nas-bench-201');
  const lines = [...nasBench201.enumerate!()].map((arch) => `${nasBench201.print(arch)},${rng.float()}`);
  writeFileSync(join(folder, 'table.csv'), `arch,accuracy\n${lines.join('\n')}\n`);
  return folder;
}

/** Starts the search, sends the signal once the journal has that many batches, gives the result. */
async function stopAfter(batches: number, cwd: string, name: NodeJS.Signals) {
  const { child, result } = start([...args, ...sizes], { cwd });
  const journal = join(cwd, 'run', 'journal.jsonl');
  const written = () => (existsSync(journal) ? readFileSync(journal, 'utf8').split('"type":"batch"').length - 1 : 0);
  while (written() < batches && child.exitCode === null) await sleep(5);
  child.kill(name);
  return result;
}

describe('a search that is stopped', () => {
  it('ends with 130 after Ctrl-C, goes on and comes to the same trials', { timeout: 120_000 }, async () => {
    const [whole, stopped] = [folderWithTable(), folderWithTable()];
    expect((await cole([...args, ...sizes], { cwd: whole })).code).toBe(0);
    const first = await stopAfter(3, stopped, 'SIGINT');
    expect([first.code, first.stdout]).toEqual([130, '']);
    expect(first.stderr).toContain('stopping at the next checkpoint');
    expect(first.stderr).toContain('the same command goes on');
    const killed = await stopAfter(12, stopped, 'SIGKILL');
    expect(killed.signal).toBe('SIGKILL');
    const last = await cole([...args, ...sizes, '--workers', '1'], { cwd: stopped });
    expect(last.code).toBe(0);
    const trials = (folder: string) => readFileSync(join(folder, 'run', 'trials.csv'), 'utf8');
    expect(trials(stopped)).toBe(trials(whole));
    expect(trials(whole).trim().split('\n')).toHaveLength(1 + 6 * 60);
    expect(readdirSync(join(stopped, 'run')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
  it('stops at once when asked twice', { timeout: 60_000 }, async () => {
    const cwd = folderWithTable();
    const { child, result } = start([...args, ...sizes], { cwd });
    while (!existsSync(join(cwd, 'run', 'journal.jsonl')) && child.exitCode === null) await sleep(5);
    const stopping = told(child, 'stopping');
    child.kill('SIGINT');
    await stopping;
    child.kill('SIGINT');
    const { code, signal, stderr } = await result;
    // As where nobody listens: a shell makes 130 of it.
    expect([code, signal]).toEqual([null, 'SIGINT']);
    expect(stderr).toContain(`To go on from there:\n  cole ${[...args, ...sizes].join(' ')}\n`);
  });
});
