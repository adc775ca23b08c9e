/** Data through standard input and output: order, quiet ends, full disks. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileBatches, fileToColumns } from '#cole/arrow/index.js';
import { cole, jsonLines, shell, temporaryFolder } from './run.js';

describe('pipes', () => {
  it('go from sample to mutate to render', async () => {
    const { code, stdout } = await shell('cole sample -n 3 --seed 1 | cole mutate - -n 2 | cole render --style paths');
    expect(code).toBe(0);
    const rows = jsonLines(stdout);
    expect(rows).toHaveLength(6);
    for (const { text } of rows) expect(text).toMatch(/^class Cell\(nn\.Module\):/);
  });
  it('keep standard output to data', async () => {
    const { stdout, stderr } = await cole(['render'], { input: '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|\n' });
    expect(jsonLines(stdout)).toHaveLength(1);
    expect(stderr).not.toContain('\x1b');
    expect(stderr).not.toContain('\r');
  });
  it('repeat themselves by seed', async () => {
    const draw = async (seed: string) => (await cole(['sample', '-n', '20', '--seed', seed])).stdout;
    expect(await draw('3')).toBe(await draw('3'));
    expect(await draw('3')).not.toBe(await draw('4'));
  });
  it('end quietly when the reader goes away', async () => {
    const { code, stdout, stderr } = await shell('cole sample --all | head -n 1');
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toHaveLength(1);
    expect(stderr).toBe('');
  });
  it('carry Arrow files of several batches, with the rows of the JSON lines', async () => {
    const file = join(temporaryFolder(), 'archs.arrow');
    const { code, stdout, stderr } = await cole(['sample', '-n', '9000', '--out', file]);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain(`9000 architectures are in ${file}`);
    const told = await cole(['sample', '-n', '9', '--out', join(dirname(file), 'few.arrow'), '--json']);
    expect(JSON.parse(told.stdout)).toEqual({ archs: join(dirname(file), 'few.arrow'), rows: 9 });
    const { rows, columns } = fileToColumns(file, readFileSync(file));
    expect(rows).toBe(9000);
    const lines = jsonLines((await cole(['sample', '-n', '9000'])).stdout);
    for (const name of ['key', 'arch', 'canonicalKey'])
      expect(columns.get(name)!.values).toEqual(lines.map((line) => line[name]));
    const batches = [];
    for await (const batch of fileBatches(file)) batches.push(batch.rows);
    expect(batches).toEqual([8192, 808]);
    const piped = await shell(`cole sample -n 9000 --out - | cmp - '${file}'`);
    expect(piped.code).toBe(0);
  });
  it('come from editors that mark their files and end lines in two characters', async () => {
    const [arch] = jsonLines((await cole(['sample'])).stdout);
    for (const line of [String(arch!.arch), JSON.stringify(arch)]) {
      const { code, stdout } = await cole(['render'], { input: `\ufeff${line}\r\n` });
      expect([code, jsonLines(stdout)[0]!.arch]).toEqual([0, arch!.arch]);
    }
  });
  it('leave no part of an Arrow file behind', async () => {
    const file = join(temporaryFolder(), 'archs.arrow');
    const { code, stderr } = await cole(['sample', '-n', '20000', '--unique', '--out', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('expected 20000 architectures with different key');
    expect(readdirSync(dirname(file))).toEqual([]);
  });
  it('say what they cannot read', async () => {
    const folder = await cole(['render', '.']);
    expect([folder.code, folder.stderr]).toEqual([2, 'error: expected a readable file at ., but it is a folder\n']);
    const absent = await cole(['mutate', 'absent.jsonl']);
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('absent.jsonl, but there is none')]);
  });
  it('read a file as well', async () => {
    const file = join(temporaryFolder(), 'archs.txt');
    writeFileSync(file, (await cole(['sample', '-n', '4'])).stdout);
    expect(jsonLines((await cole(['mutate', file, '--neighbours'])).stdout)).toHaveLength(4 * 24);
  });
  it.skipIf(!existsSync('/dev/full'))('say that the disk is full', async () => {
    const { code, stderr } = await shell('cole sample --all > /dev/full');
    expect(code).toBe(1);
    expect(stderr).toContain('the disk is full');
  });
});
