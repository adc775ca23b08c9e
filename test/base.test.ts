import { describe, expect, it } from 'vitest';
import { nearest, resolveOptions, stream } from '#cole/base/index.js';

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
