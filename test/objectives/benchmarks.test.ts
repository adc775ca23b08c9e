import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '#cole/base/index.js';
import { openBenchmark } from '#cole/objectives/index.js';
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
