import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, nearest, resolveOptions, stream, writeFileAtomic } from '#cole/base/index.js';

describe('rng', () => {
  it('is a function of its key', () => {
    const draw = (...key: (string | number)[]) => Array.from({ length: 5 }, stream(...key).float);
    expect(draw('a', 1)).toEqual(draw('a', 1));
    expect(draw('a', 1)).not.toEqual(draw('a', 2));
  });
  it('is uniform', () => {
    const rng = stream('uniform');
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[rng.int(7)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 50_000; i++) {
      const x = rng.normal();
      sum += x;
      squares += x * x;
    }
    expect(Math.abs(sum / 50_000)).toBeLessThan(0.02);
    expect(Math.abs(squares / 50_000 - 1)).toBeLessThan(0.03);
  });
});

describe('options', () => {
  it('refuses unknown names with the nearest one', () => {
    expect(() => resolveOptions('mlp', { epochs: 1 }, { epoch: 2 } as never)).toThrow(/did you mean epochs/);
    expect(nearest('evolutoin', ['bananas', 'evolution'])).toBe('evolution');
  });
});

describe('folders', () => {
  it('are made with those they lie in, as often as one likes', async () => {
    const root = mkdtempSync(join(tmpdir(), 'cole-base-'));
    try {
      const path = join(root, 'a', 'b', 'c');
      for (let time = 0; time < 2; time++) makeFolder(path);
      expect(statSync(path).isDirectory()).toBe(true);
      symlinkSync(path, join(root, 'link'));
      makeFolder(join(root, 'link', 'd'));
      expect(existsSync(join(path, 'd'))).toBe(true);
      const file = join(root, 'file');
      writeFileSync(file, '');
      expect(() => makeFolder(file)).toThrow(`expected to write ${file}, but a file of that name is there`);
      expect(() => makeFolder(join(file, 'x', 'y'))).toThrow('but a part of its path is a file');
      symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
      expect(() => makeFolder(join(root, 'dangling'))).toThrow('dangling, but a file of that name is there');
    } finally {
      rmSync(root, { recursive: true });
    }
  });
  it.runIf(process.platform === 'linux')('are refused at once where nothing can be made', async () => {
    for (const path of ['/proc/cole/x', '/sys/cole', '/dev/null/x']) {
      expect(() => makeFolder(path)).toThrow(expect.objectContaining({ code: 'ERR_IO' }));
      await expect(writeFileAtomic(join(path, 'file'), '')).rejects.toThrow(`expected to write ${path}, but `);
    }
  });
});
