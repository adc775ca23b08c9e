/** Rank correlation. Kendall's tau-b in O(n log n) after Knight, "A computer method for calculating Kendall's tau with
 * ungrouped data", JASA 61 (1966), with ties in both variables. */
import { ColeError } from './errors.js';

/**
 * tau-b = (concordant - discordant) / sqrt((pairs - ties in a) (pairs - ties in b)), in [-1, 1]; NaN where it is undefined:
 * fewer than two values, or all values of one side equal. A NaN among the values is an error, infinities are ordered.
 */
export function kendallTauB(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  if (b.length !== n)
    throw new ColeError('ERR_SHAPE', `expected ${n} values to rank against ${n} others, got ${b.length}`);
  const rankA = denseRanks(a);
  const rankB = denseRanks(b);
  // Both ranks in one double, exact below 2^53, so that the engine's native sort orders the pairs by a, then by b.
  const base = rankB.distinct;
  const pairs = new Float64Array(n);
  for (let i = 0; i < n; i++) pairs[i] = rankA.ranks[i]! * base + rankB.ranks[i]!;
  pairs.sort();
  const order = new Int32Array(n);
  let tiedBoth = 0;
  for (let i = 0, run = 0; i < n; i++) {
    order[i] = pairs[i]! % base;
    run = i > 0 && pairs[i] === pairs[i - 1] ? run + 1 : 0;
    tiedBoth += run;
  }
  const discordant = countInversions(order);
  const total = (n * (n - 1)) / 2;
  const score = total - rankA.tied - rankB.tied + tiedBoth - 2 * discordant;
  return score / Math.sqrt((total - rankA.tied) * (total - rankB.tied));
}

/** Rank among the distinct values of each value, the number of distinct values, and the number of tied pairs. */
function denseRanks(values: ArrayLike<number>): { ranks: Int32Array; distinct: number; tied: number } {
  const n = values.length;
  const sorted = Float64Array.from(values).sort();
  // The native sort puts NaN last.
  if (n > 0 && Number.isNaN(sorted[n - 1])) {
    const at = Array.from(values).findIndex(Number.isNaN);
    throw new ColeError('ERR_DATA', `expected numbers to rank, got NaN at position ${at}`);
  }
  let distinct = 0;
  let tied = 0;
  for (let i = 0, run = 0; i < n; i++) {
    // -0 sorts before 0 but compares equal: one rank.
    run = distinct > 0 && sorted[i] === sorted[distinct - 1] ? run + 1 : 0;
    tied += run;
    if (run === 0) sorted[distinct++] = sorted[i]!;
  }
  const ranks = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    let low = 0;
    let high = distinct - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    ranks[i] = low;
  }
  return { ranks, distinct, tied };
}

/** Pairs i < j with values[i] > values[j], by bottom-up merge sort; reorders `values`. */
function countInversions(values: Int32Array): number {
  const n = values.length;
  let from = values;
  let to: Int32Array = new Int32Array(n);
  let count = 0;
  for (let width = 1; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = Math.min(start + width, n);
      const end = Math.min(start + 2 * width, n);
      let i = start;
      let j = middle;
      for (let k = start; k < end; k++) {
        if (i < middle && (j === end || from[i]! <= from[j]!)) to[k] = from[i++]!;
        else {
          to[k] = from[j++]!;
          count += middle - i;
        }
      }
    }
    [from, to] = [to, from];
  }
  return count;
}
