import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fileToColumns } from '#cole/arrow/index.js';
import { packageFile } from '#cole/base/index.js';
import { renderer } from '#cole/code/index.js';
import { checkedArchs } from '#cole/objectives/benchmarks.js';
import { benchmarkNames, benchmarkSpace, openBenchmark } from '#cole/objectives/index.js';
import { nasBench201, space, uniqueString } from '#cole/spaces/index.js';

const nb201 = space('nas-bench-201');

describe('openBenchmark', () => {
  it('refuses an unknown name', async () => {
    await expect(openBenchmark('nas-bench-201-digit', nb201)).rejects.toThrow('did you mean nas-bench-201-digits?');
  });
  it('refuses another space', async () => {
    await expect(openBenchmark('nas-bench-201-digits', { ...nb201, name: 'cells' })).rejects.toThrow(
      'expected space nas-bench-201 for benchmark nas-bench-201-digits, got cells',
    );
  });
});

describe('nas-bench-201-digits', () => {
  const file = packageFile('data', 'nas-bench-201-digits.arrow');
  it('is there', () => expect(existsSync(file)).toBe(true));
  it('has values of trained networks, the same for cells that are the same network', async () => {
    const table = await openBenchmark('nas-bench-201-digits', nb201);
    expect(table.metrics).toEqual(
      expect.arrayContaining(['val_accuracy', 'test_accuracy', 'train_seconds', 'parameters']),
    );
    expect(table.metrics).not.toContain('arch_code');
    const value = table.metric('val_accuracy');
    const ofClass = new Map<string, number>();
    for (const arch of table.archs) {
      const name = uniqueString(nasBench201.parse(arch));
      expect(value(arch)).toBe(ofClass.get(name) ?? value(arch));
      ofClass.set(name, value(arch)!);
    }
    // A network whose output does not depend on its input guesses one of ten digits.
    const none = nasBench201.print(['none', 'none', 'none', 'none', 'none', 'none']);
    if (value(none) !== undefined) expect(value(none)).toBeLessThan(20);
    expect(table.best('val_accuracy')).toBeGreaterThan(90);
    // float32 on disk, read as the decimals that were meant.
    expect(String(value(table.archs[0]!)).length).toBeLessThanOrEqual(10);
  });
});

describe('einspace-digits', () => {
  const name = benchmarkSpace('einspace-digits');
  const file = packageFile('data', 'einspace-digits.arrow');
  const { columns, rows } = fileToColumns('einspace-digits.arrow', readFileSync(file));

  it('is known and small', () => {
    expect(benchmarkNames).toContain('einspace-digits');
    expect(statSync(file).size).toBeLessThan(3e6);
  });
  it('has at least 3,000 distinct networks of its space, trained from the code of today', async () => {
    const whole = space(name);
    const table = await openBenchmark('einspace-digits', whole);
    expect(rows).toBeGreaterThanOrEqual(3000);
    expect(table.archs).toHaveLength(rows);
    expect(table.metrics).toEqual(['val_accuracy', 'test_accuracy', 'train_seconds', 'parameters']);
    expect(new Set(table.archs.map((arch) => whole.key(whole.parse(arch)))).size).toBe(rows);
    const code = renderer(name, 'flat+head').render(whole.parse(table.archs[7]!));
    expect(columns.get('code_sha256')!.values[7]).toBe(createHash('sha256').update(code).digest('hex'));
  });
  it('has a value or a reason in every row', () => {
    const at = (column: string, row: number) => columns.get(column)!.values[row];
    for (let row = 0; row < rows; row++) {
      const ok = at('status', row) === 'ok';
      expect(typeof at('val_accuracy', row)).toBe(ok ? 'number' : 'undefined');
      expect(at('reason', row) === '').toBe(ok);
    }
  });
  it('has both ends of the range', async () => {
    const table = await openBenchmark('einspace-digits', space(name));
    const value = table.metric('val_accuracy');
    const sorted = table
      .known('val_accuracy')
      .map((arch) => value(arch)!)
      .sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 10)]!).toBeLessThan(20);
    expect(sorted[Math.floor(0.9 * sorted.length)]!).toBeGreaterThan(80);
    expect(sorted.at(-1)).toBeLessThanOrEqual(100);
  });
  it('takes other limits on sampling, and no other input or task', async () => {
    await openBenchmark('einspace-digits', space('einspace:1x8x8,maxNodes=5000'));
    for (const other of ['einspace', 'einspace:1x8x8,classes=12', 'einspace:1x8x8,variant=e2', 'nas-bench-201'])
      await expect(openBenchmark('einspace-digits', space(other))).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });
  it('is refused where the code of a row is not the one that was trained', () => {
    const hashes = [...columns.get('code_sha256')!.values] as string[];
    hashes[4] = hashes[4]!.replace(/^./, (first) => (first === '0' ? '1' : '0'));
    const changed = new Map([...columns, ['code_sha256', { kind: 'text', values: hashes }] as const]);
    expect(() => checkedArchs(changed, 'einspace-digits.arrow', space(name))).toThrow(
      'for row 5 of einspace-digits.arrow',
    );
    const without = new Map([...columns].filter(([column]) => column !== 'code_sha256'));
    expect(() => checkedArchs(without, 'x.arrow', space(name))).toThrow('expected a column code_sha256 of text');
  });
});
