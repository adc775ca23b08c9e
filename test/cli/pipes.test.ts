/** Data through standard input and output: order, quiet ends, full disks. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
