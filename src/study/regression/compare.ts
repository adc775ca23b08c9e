/** Paired comparison of two methods over the trials of a cross-validation. */
import { mean } from '../metrics.js';
import { studentCdf } from '../student.js';

export interface PairedTest {
  /** Mean and sample deviation of method - baseline over the trials. */
  readonly difference: number;
  readonly deviation: number;
  /** Corrected t; 0 where the trials do not differ. */
  readonly t: number;
  /** Two-sided. */
  readonly p: number;
  /** The same with the training size itself for the size of the pool: what small samples really support. */
  readonly conservativeP: number;
}

/**
 * Corrected resampled t-test (Nadeau and Bengio, Machine Learning 52, 2003): the variance of the mean of J differences is
 * taken as (1/J + test/train) var, because the trials share rows. `pool` and `fold` are the rows outside and in a fold,
 * `size` those that were drawn from the pool. Entry i of both comes from the same trial.
 */
export function pairedTest(
  method: readonly number[],
  baseline: readonly number[],
  rows: { readonly pool: number; readonly fold: number; readonly size: number },
): PairedTest {
  const differences = method.map((value, i) => value - baseline[i]!);
  const n = differences.length;
  const difference = mean(differences);
  if (n < 2) return { difference, deviation: 0, t: 0, p: 1, conservativeP: 1 };
  const variance = differences.reduce((sum, value) => sum + (value - difference) ** 2, 0) / (n - 1);
  const tOf = (train: number) => {
    const scale = Math.sqrt((1 / n + rows.fold / train) * variance);
    return scale > 0 ? difference / scale : 0;
  };
  const twoSided = (t: number) => (t === 0 ? 1 : 2 * studentCdf(-Math.abs(t), n - 1));
  const t = tOf(rows.pool);
  return {
    difference,
    deviation: Math.sqrt(variance),
    t,
    p: twoSided(t),
    conservativeP: twoSided(tOf(rows.size)),
  };
}

/** Holm's step-down adjustment: p values that stay valid when all of them are looked at together. */
export function holm(p: readonly number[]): number[] {
  const order = Array.from(p.keys()).sort((a, b) => p[a]! - p[b]!);
  const out = new Array<number>(p.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (p.length - rank) * p[index]!));
    out[index] = largest;
  });
  return out;
}
