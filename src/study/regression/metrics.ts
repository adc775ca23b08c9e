/** How well predictions order and match true values; larger values are better architectures. */
import { kendallTauB } from '../../base/index.js';

export interface RegressionMetrics {
  /** Kendall's tau-b; 0 where the predictions have collapsed to (nearly) one value, or it is undefined. */
  readonly tau: number;
  /** Correlation of ranks (ties share their mean rank), 0 where undefined. */
  readonly spearman: number;
  /** Linear correlation, 0 where undefined. */
  readonly pearson: number;
  /** Mean squared error, in squared units of the metric. After a ranking loss the units are near at best. */
  readonly mse: number;
  /** 1 - mse / variance of the true values; 0 where they are all equal. */
  readonly r2: number;
  /** Share of the truly best tenth that is in the predicted best tenth. */
  readonly topRecall: number;
  /** Best true value minus the best among the predicted best tenth, in units of the metric. */
  readonly topRegret: number;
  /** Share of the true values within 1.96 predicted deviations of the prediction; 0.95 is calibrated. NaN for heads that give no deviation. */
  readonly coverage: number;
}

export const metricNames = [
  'tau',
  'spearman',
  'pearson',
  'mse',
  'r2',
  'topRecall',
  'topRegret',
  'coverage',
] as const satisfies readonly (keyof RegressionMetrics)[];

/** Predictions with less variance than this say nothing, whatever order rounding gives them. */
const collapsed = 1e-7;

/** Of one test fold. `std` may be all zeros. */
export function regressionMetrics(truth: Float64Array, mean: Float64Array, std: Float64Array): RegressionMetrics {
  const mse = average(truth, (value, i) => (value - mean[i]!) ** 2);
  const variance = varianceOf(truth);
  const usable = varianceOf(mean) >= collapsed;
  const top = Math.max(1, Math.round(truth.length / 10));
  const trulyBest = new Set(bestRows(truth, top));
  const chosen = bestRows(mean, top);
  return {
    tau: usable ? kendallTauB(truth, mean) || 0 : 0,
    spearman: usable ? correlation(meanRanks(truth), meanRanks(mean)) : 0,
    pearson: usable ? correlation(truth, mean) : 0,
    mse,
    r2: variance > 0 ? 1 - mse / variance : 0,
    topRecall: chosen.filter((row) => trulyBest.has(row)).length / top,
    topRegret: truth[bestRows(truth, 1)[0]!]! - Math.max(...chosen.map((row) => truth[row]!)),
    coverage: std.some((value) => value > 0)
      ? average(truth, (value, i) => (Math.abs(value - mean[i]!) <= 1.96 * std[i]! ? 1 : 0))
      : Number.NaN,
  };
}

function average(values: Float64Array, of: (value: number, index: number) => number): number {
  return values.reduce((sum, value, i) => sum + of(value, i), 0) / values.length;
}

function varianceOf(values: Float64Array): number {
  const mean = average(values, (value) => value);
  return average(values, (value) => (value - mean) ** 2);
}

function bestRows(values: Float64Array, count: number): number[] {
  return Array.from(values.keys())
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, count);
}

function meanRanks(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

function correlation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [average(a, (value) => value), average(b, (value) => value)];
  const covariance = average(a, (value, i) => (value - meanA) * (b[i]! - meanB));
  const product = varianceOf(a) * varianceOf(b);
  return product > 0 ? covariance / Math.sqrt(product) : 0;
}
