import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spread } from '#cole/report/labels.js';

describe('names at the ends of lines', () => {
  it('stay where they are wanted when there is room', () => {
    expect(spread([50, 10, 100], 16, 0, 200)).toEqual([
      { index: 1, y: 10 },
      { index: 0, y: 50 },
      { index: 2, y: 100 },
    ]);
  });
  it('share out what they miss when they touch', () => {
    expect(spread([50, 50], 16, 0, 200).map(({ y }) => y)).toEqual([42, 58]);
    expect(spread([50, 52, 54], 16, 0, 200).map(({ y }) => y)).toEqual([36, 52, 68]);
  });
  it('never cover each other, keep their order and stay within the frame where they fit', () => {
    const wanted = fc.array(fc.double({ min: -20, max: 320, noNaN: true }), { minLength: 1, maxLength: 18 });
    fc.assert(
      fc.property(wanted, (ys) => {
        const placed = spread(ys, 16, 0, 300);
        expect(placed.map(({ index }) => index).sort((a, b) => a - b)).toEqual(ys.map((_, i) => i));
        for (let i = 1; i < placed.length; i++) {
          expect(placed[i]!.y - placed[i - 1]!.y).toBeGreaterThan(16 - 1e-9);
          expect(ys[placed[i]!.index]!).toBeGreaterThanOrEqual(ys[placed[i - 1]!.index]!);
        }
        expect(placed[0]!.y).toBeGreaterThan(-1e-9);
        expect(placed.at(-1)!.y).toBeLessThan(300 + 1e-9);
      }),
    );
  });
});
