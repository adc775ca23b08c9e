/** Screens under attack, as a user's machine may do it: no room, killed, wrong spaces, damaged strings and corpora. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { columnsToFile, fileToColumns } from '#cole/arrow/index.js';
import { smallDisk } from './disk.js';
import { cole, jsonLines, projectRoot, start, temporaryFolder } from './run.js';

const space = 'einspace:1x8x8,maxParameters=100000';
const benchmark = 'einspace-digits';
const folder = mkdtempSync(join(tmpdir(), 'cole-screen-attacks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const known = join(folder, 'known.csv');
{
  const sampled = await cole(['sample', '--space', space, '-n', '60', '--unique']);
  const rows = jsonLines(sampled.stdout).map(({ arch }) => `"${arch}",${Math.log((arch as string).length)}`);
  writeFileSync(known, `arch,length\n${rows.join('\n')}\n`);
}
const counts = ['--table', known, '--metric', 'length', '--space', space, '--features', 'counts'];
const common = ['--workers', '2', 'screen', '-n', '6000', '--chunk', '500', '--top', '400', ...counts, '--out'];
const top = (out: string) => readFileSync(join(out, 'top.arrow'));
const whole = join(folder, 'whole');
await cole([...common, whole]);

describe('a screen', { timeout: 120_000 }, () => {
  it('names the full disk and goes on when there is room', async (context) => {
    const disk = smallDisk('64k');
    if (!disk) return context.skip('mounting a small file system needs root');
    const out = join(disk, 'run');
    const { code, stderr } = await cole([...common, out]);
    expect(stderr).toMatch(/expected to write .*run.*, but the disk is full/);
    expect(code).toBe(1);
    expect(readdirSync(out).sort()).toEqual(['journal.jsonl', 'manifest.json']);
    expect(spawnSync('mount', ['-o', 'remount,size=4m', disk]).status).toBe(0);
    expect((await cole([...common, out])).code).toBe(0);
    expect(top(out)).toEqual(top(whole));
  });

  it('killed again and again loses what is in hand and nothing else', async () => {
    const out = join(temporaryFolder(), 'run');
    const journal = join(out, 'journal.jsonl');
    const done = () =>
      existsSync(journal)
        ? [...readFileSync(journal, 'utf8').matchAll(/"chunk","index":(\d+)/g)].map(([, i]) => i)
        : [];
    const args = [...common, out];
    for (const kills of [2, 6]) {
      const { child, result } = start(args);
      while (done().length < kills && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill('SIGKILL');
      expect((await result).signal).toBe('SIGKILL');
    }
    const kept = done();
    expect((await cole(args)).code).toBe(0);
    expect(done().slice(0, kept.length)).toEqual(kept);
    expect(done().sort()).toEqual(Array.from({ length: 12 }, (_, i) => `${i}`).sort());
    expect(top(out)).toEqual(top(whole));
  });

  it('names the file of its folder that is damaged', async () => {
    const damaged = join(temporaryFolder(), 'run');
    cpSync(whole, damaged, { recursive: true });
    for (const [name, text, message] of [
      ['summary.json', '{}', 'expected taken in'],
      ['summary.json', 'x', 'expected JSON in'],
      ['manifest.json', '[]', 'expected options in'],
    ] as const) {
      writeFileSync(join(damaged, name), text);
      for (const args of [
        [...common, damaged],
        ['merge', damaged, '--out', join(folder, 'merged')],
      ]) {
        const { code, stderr } = await cole(args);
        expect([code, stderr]).toEqual([1, expect.stringContaining(`${message} ${join(damaged, name)}`)]);
      }
    }
  });

  it('is lengthened', async () => {
    const out = join(temporaryFolder(), 'run');
    const args = (n: string) => ['screen', '-n', n, ...counts, '--out', out];
    expect((await cole(args('300'))).code).toBe(0);
    expect(await cole(args('700'))).toMatchObject({ code: 2, stderr: expect.stringContaining('whose count is 300') });
    const longer = await cole([...args('700'), '--extend']);
    expect(longer).toMatchObject({ code: 0, stderr: expect.stringContaining('700 architectures') });
  });

  it('refuses shapes that are none and limits that nothing passes', async () => {
    const refused = async (name: string, message: string) =>
      expect(
        await cole(['screen', '-n', '9', '--benchmark', benchmark, '--space', name, '--out', join(folder, 'none')]),
      ).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(message),
      });
    await refused('einspace:0x8x8', 'a whole number from 1 to 65536 as input of einspace, got 0');
    await refused('einspace:1x8x8x8', 'such as 3x32x32, got 1x8x8x8');
    await refused('einspace:3x32x32', 'for benchmark einspace-digits, got einspace');
    await refused(
      'einspace:1x8x8,maxNodes=2,maxAttempts=9',
      '9 in a row were rejected: 9 for their nodes, 0 for their parameters, 0 for their elements',
    );
  });

  it('names the line of a derivation with one character changed', async () => {
    const [row] = jsonLines((await cole(['sample', '--space', space, '--seed', '4'])).stdout);
    const arch = row!.arch as string;
    for (const at of [Math.floor(arch.length / 2), arch.length - 1]) {
      const file = join(folder, `${at}.txt`);
      writeFileSync(file, `${arch}\n${arch.slice(0, at)}~${arch.slice(at + 1)}\n`);
      const { code, stderr } = await cole(['screen', file, ...counts, '--out', join(folder, `refused-${at}`)]);
      expect(stderr).toContain(`${at}.txt:2`);
      expect(code).toBe(2);
    }
  });

  it('refuses a corpus whose code is not the one that was trained', async () => {
    const own = temporaryFolder();
    for (const name of ['dist', 'package.json']) cpSync(join(projectRoot, name), join(own, name), { recursive: true });
    for (const name of ['build', 'node_modules']) symlinkSync(join(projectRoot, name), join(own, name));
    mkdirSync(join(own, 'data'));
    const { columns } = fileToColumns('data', readFileSync(join(projectRoot, 'data', `${benchmark}.arrow`)));
    const [archs, hashes] = ['arch', 'code_sha256'].map((name) => columns.get(name)!.values.slice(0, 9) as string[]);
    const val_accuracy = Float64Array.from({ length: 9 }, (_, i) => i);
    const sound = { arch: archs!, code_sha256: hashes!, val_accuracy };
    const files = { sound, wrong: { ...sound, code_sha256: [...hashes!.slice(1), hashes![0]!] } };
    const run = (name: keyof typeof files) => {
      writeFileSync(join(own, 'data', `${benchmark}.arrow`), columnsToFile(files[name]));
      const args = ['screen', '-n', '9', '--benchmark', benchmark, '--features', 'counts', '--out', join(own, name)];
      return spawnSync(process.execPath, [join(own, 'dist', 'cli', 'main.js'), ...args], { encoding: 'utf8' });
    };
    expect(run('sound').status).toBe(0);
    const { status, stderr } = run('wrong');
    expect(stderr).toMatch(/expected code of sha256 \w+ for row 1 of einspace-digits.arrow, got \w+/);
    expect(status).toBe(1);
  });
});
