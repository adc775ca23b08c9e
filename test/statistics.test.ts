import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kendallTauB, stream } from '#cole/base/index.js';

/** Straight from the definition, over all pairs. */
function quadratic(a: readonly number[], b: readonly number[]): number {
  let score = 0;
  let untiedA = 0;
  let untiedB = 0;
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const x = Math.sign(a[i]! - a[j]!);
      const y = Math.sign(b[i]! - b[j]!);
      score += x * y;
      untiedA += x * x;
      untiedB += y * y;
    }
  return score / Math.sqrt(untiedA * untiedB);
}

describe('Kendall tau-b', () => {
  it('equals the definition, ties in both included', () => {
    const value = fc.integer({ min: -4, max: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { maxLength: 40 }), (pairs) => {
        const a = pairs.map((p) => p[0]);
        const b = pairs.map((p) => p[1]);
        expect(kendallTauB(a, b)).toBe(quadratic(a, b));
      }),
    );
  });

  it('equals the definition on distinct doubles', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true })), { maxLength: 60 }),
        (pairs) => {
          const a = pairs.map((p) => Math.max(-1e300, Math.min(1e300, p[0])));
          const b = pairs.map((p) => Math.max(-1e300, Math.min(1e300, p[1])));
          expect(kendallTauB(a, b)).toBe(quadratic(a, b));
        },
      ),
    );
  });

  it('equals the definition where most values lie together and a few far out, or differ in their last bits only', () => {
    const rng = stream('kendall');
    const cases: (() => number)[] = [
      () => rng.normal(),
      () => Math.fround(rng.normal()),
      () => 1 + rng.int(150) * Number.EPSILON,
      () => (rng.int(100) === 0 ? 1e18 : 1) * rng.normal(),
      () => rng.normal() * 10 ** (rng.int(600) - 300),
    ];
    for (const draw of cases)
      for (const n of [2, 33, 64, 400]) {
        const [a, b] = [0, 1].map(() => Array.from({ length: n }, draw));
        expect(kendallTauB(a!, b!)).toBe(quadratic(a!, b!));
      }
  });

  it('knows the hand-computed cases', () => {
    expect(kendallTauB([1, 2, 3, 4], [10, 20, 30, 40])).toBe(1);
    expect(kendallTauB([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
    // 5 pairs untied in a, 6 in b; 4 concordant, 1 discordant.
    expect(kendallTauB([1, 1, 2, 3], [1, 2, 4, 3])).toBeCloseTo(3 / Math.sqrt(30), 14);
    expect(kendallTauB([0, -0, 1], [0, 0, 1])).toBe(1);
    expect(kendallTauB([-1e-300, Number.NEGATIVE_INFINITY, 5e-324, Number.POSITIVE_INFINITY], [2, 1, 3, 4])).toBe(1);
  });

  it('is NaN where undefined and refuses NaN and unequal lengths', () => {
    expect(kendallTauB([], [])).toBeNaN();
    expect(kendallTauB([1], [2])).toBeNaN();
    expect(kendallTauB([1, 1, 1], [1, 2, 3])).toBeNaN();
    expect(() => kendallTauB([1, Number.NaN], [1, 2])).toThrow(/got NaN at position 1/);
    expect(() => kendallTauB([1, 2], [1])).toThrow(/expected 2 values/);
  });
});
