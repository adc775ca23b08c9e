import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { acquisitions, normalCdf } from '#cole/search/index.js';

const mean = Float64Array.of(1, 2, 3, 2);
const std = Float64Array.of(4, 0, 1, 0.5);

describe('acquisition functions', () => {
  it('ucb adds half the deviation, exploit nothing', () => {
    expect([...acquisitions.ucb(mean, std, 2, stream(0))]).toEqual([3, 2, 3.5, 2.25]);
    expect([...acquisitions.exploit(mean, std, 2, stream(0))]).toEqual([1, 2, 3, 2]);
  });
  it('ei is the expectation of the improvement under N(mean, std / 5)', () => {
    const scores = acquisitions.ei(mean, std, 2, stream(0));
    expect(scores[1]).toBe(0);
    const rng = stream(1, 'monte-carlo');
    for (const i of [0, 2, 3]) {
      let sum = 0;
      const draws = 400_000;
      for (let draw = 0; draw < draws; draw++) sum += Math.max(0, mean[i]! + (std[i]! / 5) * rng.normal() - 2);
      expect(scores[i]).toBeCloseTo(sum / draws, 2);
    }
    expect(acquisitions.ei(Float64Array.of(3), Float64Array.of(0), 2, stream(0))[0]).toBe(1);
  });
  it('its draws once per candidate from N(mean, std)', () => {
    const n = 100_000;
    const draws = acquisitions.its(new Float64Array(n).fill(5), new Float64Array(n).fill(2), 0, stream(2));
    const average = draws.reduce((a, b) => a + b, 0) / n;
    const variance = draws.reduce((a, b) => a + (b - average) ** 2, 0) / n;
    expect(average).toBeCloseTo(5, 1);
    expect(variance).toBeCloseTo(4, 1);
    expect(acquisitions.its(mean, std, 0, stream(3))[1]).toBe(2);
  });
  it('normalCdf agrees with tables', () => {
    for (const [z, p] of [
      [0, 0.5],
      [1, 0.8413447461],
      [-1.96, 0.0249978951],
      [3, 0.998650102],
      [-5, 2.8665157e-7],
    ]) {
      expect(normalCdf(z!)).toBeCloseTo(p!, 6);
    }
  });
});
