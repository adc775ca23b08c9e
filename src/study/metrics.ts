/**
 * What a set of search trials shows. Pure functions of values in the order of evaluation; larger is better, evaluations are
 * counted from 1. A curve is the best value so far after each evaluation; all curves of one call are equally long.
 */
import { stream } from '../base/index.js';
import { studentQuantile } from './student.js';

/** Running maximum; a trial that ended early (an exhausted space) keeps its last value up to `length`. */
export function bestSoFar(values: readonly number[], length = values.length): number[] {
  let best = Number.NEGATIVE_INFINITY;
  return Array.from({ length }, (_, i) => {
    best = Math.max(best, values[i] ?? best);
    return best;
  });
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean and half-width of its 95 % confidence interval: Student's t with the sample deviation; 0 for a single value. */
export function meanWithBand(values: readonly number[]): { mean: number; halfWidth: number } {
  const n = values.length;
  const m = mean(values);
  if (n < 2) return { mean: m, halfWidth: 0 };
  const variance = values.reduce((sum, value) => sum + (value - m) ** 2, 0) / (n - 1);
  return { mean: m, halfWidth: studentQuantile(0.975, n - 1) * Math.sqrt(variance / n) };
}

/** Mean curve with its pointwise 95 % band. */
export function meanCurve(curves: readonly (readonly number[])[]): { mean: number[]; halfWidth: number[] } {
  const points = Array.from({ length: curves[0]?.length ?? 0 }, (_, i) => meanWithBand(curves.map((c) => c[i]!)));
  return { mean: points.map((p) => p.mean), halfWidth: points.map((p) => p.halfWidth) };
}

/** Quantile with linear interpolation between order statistics (type 7 of Hyndman and Fan). */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = p * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - low);
}

/** First evaluation, from 1, at which a curve is at `target` or above; null where it never is. */
export function firstReach(curve: readonly number[], target: number): number | null {
  const at = curve.findIndex((value) => value >= target);
  return at < 0 ? null : at + 1;
}

export interface TargetReach {
  /** First evaluation at which the mean curve is there; null where it never is. */
  readonly ofMeanCurve: number | null;
  /** Mean over trials of each one's first evaluation; a trial that never got there counts with the whole budget. */
  readonly meanOfTrials: number;
  readonly median: number;
  readonly quartiles: readonly [number, number];
  /** Share of trials that got there, 0 to 1. */
  readonly reached: number;
}

/** The two statistics are both in use in the literature and differ a good deal: the mean curve waits for the stragglers. */
export function targetReach(curves: readonly (readonly number[])[], target: number): TargetReach {
  const hits = reachCounts(curves, target);
  return {
    ofMeanCurve: firstReach(meanCurve(curves).mean, target),
    meanOfTrials: mean(hits),
    median: quantile(hits, 0.5),
    quartiles: [quantile(hits, 0.25), quantile(hits, 0.75)],
    reached: curves.filter((curve) => firstReach(curve, target) !== null).length / curves.length,
  };
}

/** First evaluation of each trial at the target, the length of the curve where it never got there. */
export function reachCounts(curves: readonly (readonly number[])[], target: number): number[] {
  return curves.map((curve) => firstReach(curve, target) ?? curve.length);
}

/** Area under a curve by the trapezoid rule, divided by its width: a mean level, in units of the values. */
export function areaUnderCurve(curve: readonly number[]): number {
  if (curve.length < 2) return curve[0] ?? Number.NaN;
  let area = 0;
  for (let i = 1; i < curve.length; i++) area += (curve[i - 1]! + curve[i]!) / 2;
  return area / (curve.length - 1);
}

export interface Reduction {
  /** 1 - mean(method) / mean(baseline): 0.34 is 34 % fewer evaluations. */
  readonly reduction: number;
  /** Percentile bootstrap interval of 95 %, trials drawn in pairs. */
  readonly low: number;
  readonly high: number;
}

/** Evaluations saved by a method against a baseline. Entry i of both comes from trials with equal seeds. */
export function pairedReduction(
  method: readonly number[],
  baseline: readonly number[],
  seed = 0,
  resamples = 10_000,
): Reduction {
  const n = method.length;
  if (n === 0 || baseline.length !== n)
    throw new RangeError(`expected as many trials of the method as of the baseline, got ${n} and ${baseline.length}`);
  const rng = stream(seed, 'paired-bootstrap');
  const reductions = Array.from({ length: resamples }, () => {
    let ofMethod = 0;
    let ofBaseline = 0;
    for (let draw = 0; draw < n; draw++) {
      const pair = rng.int(n);
      ofMethod += method[pair]!;
      ofBaseline += baseline[pair]!;
    }
    return 1 - ofMethod / ofBaseline;
  });
  return {
    reduction: 1 - mean(method) / mean(baseline),
    low: quantile(reductions, 0.025),
    high: quantile(reductions, 0.975),
  };
}
