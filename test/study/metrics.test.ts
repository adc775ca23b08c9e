import { describe, expect, it } from 'vitest';
import {
  areaUnderCurve,
  bestSoFar,
  firstReach,
  meanCurve,
  meanWithBand,
  pairedReduction,
  quantile,
  reachCounts,
  targetReach,
} from '#cole/study/index.js';
import { studentCdf, studentQuantile } from '#cole/study/student.js';

describe('curves', () => {
  it('best so far keeps the last value of a trial that ended early', () => {
    expect(bestSoFar([1, 3, 2], 5)).toEqual([1, 3, 3, 3, 3]);
    expect(bestSoFar([2, 1])).toEqual([2, 2]);
  });
  it('mean and band use the sample deviation and the t quantile', () => {
    // sd of 1, 2, 3, 4 is sqrt(5/3); t(0.975, 3) = 3.182446.
    const { mean, halfWidth } = meanWithBand([1, 2, 3, 4]);
    expect(mean).toBe(2.5);
    expect(halfWidth).toBeCloseTo((3.182446305 * Math.sqrt(5 / 3)) / 2, 6);
    expect(meanWithBand([7])).toEqual({ mean: 7, halfWidth: 0 });
  });
  it('area is a mean level', () => {
    expect(areaUnderCurve([4, 4, 4])).toBe(4);
    expect(areaUnderCurve([0, 1, 2])).toBe(1);
    expect(areaUnderCurve([0, 2])).toBe(1);
  });
  it('quantiles interpolate', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([5], 0.9)).toBe(5);
  });
});

describe('evaluations to target', () => {
  // Trials that reach 10 at evaluations 2 and 4, and one that never does.
  const curves = [
    [5, 10, 10, 10, 10],
    [0, 0, 9, 11, 11],
    [1, 1, 1, 1, 9],
  ];
  it('counts from 1', () => {
    expect(firstReach([10, 11], 10)).toBe(1);
    expect(firstReach([9, 9], 10)).toBeNull();
  });
  it('gives both statistics, counting those that never got there with the budget', () => {
    const reach = targetReach(curves, 10);
    expect(reachCounts(curves, 10)).toEqual([2, 4, 5]);
    expect(reach.meanOfTrials).toBeCloseTo(11 / 3, 12);
    // Mean curve: 2, 3.67, 6.67, 7.33, 10.
    expect(reach.ofMeanCurve).toBe(5);
    expect(reach.median).toBe(4);
    expect(reach.quartiles).toEqual([3, 4.5]);
    expect(reach.reached).toBeCloseTo(2 / 3, 12);
    expect(targetReach(curves, 12)).toMatchObject({ ofMeanCurve: null, meanOfTrials: 5, reached: 0 });
    expect(meanCurve(curves).mean[4]).toBeCloseTo(10, 12);
  });
});

describe('pairedReduction', () => {
  it('has no width where every pair saves the same share', () => {
    const { reduction, low, high } = pairedReduction([60, 30, 90], [100, 50, 150]);
    expect(reduction).toBeCloseTo(0.4, 12);
    expect(low).toBeCloseTo(0.4, 12);
    expect(high).toBeCloseTo(0.4, 12);
  });
  it('covers the point estimate, and nothing is saved by the same trials in another order of pairs', () => {
    const method = [10, 20, 30, 40, 50, 60, 70, 80];
    const paired = pairedReduction(method, method);
    expect(paired).toEqual({ reduction: 0, low: 0, high: 0 });
    const unpaired = pairedReduction(method, [...method].reverse());
    expect(unpaired.reduction).toBe(0);
    expect(unpaired.low).toBeLessThan(-0.2);
    expect(unpaired.high).toBeGreaterThan(0.2);
    expect(pairedReduction(method, [...method].reverse())).toEqual(unpaired);
  });
  it('refuses trials that do not pair', () => {
    expect(() => pairedReduction([1], [1, 2])).toThrow('got 1 and 2');
  });
});

describe('Student t', () => {
  it.each([
    [0.975, 1, 12.706204736],
    [0.975, 3, 3.182446305],
    [0.975, 19, 2.093024054],
    [0.95, 99, 1.660391156],
    [0.995, 7, 3.499483297],
  ])('quantile %d with %d degrees of freedom', (p, df, t) => {
    expect(studentQuantile(p, df)).toBeCloseTo(t, 7);
    expect(studentCdf(t, df)).toBeCloseTo(p, 8);
    expect(studentQuantile(1 - p, df)).toBeCloseTo(-t, 7);
  });
});
