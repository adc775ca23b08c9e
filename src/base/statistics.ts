/** Rank correlation. Kendall's tau-b in O(n log n) after Knight, "A computer method for calculating Kendall's tau with
 * ungrouped data", JASA 61 (1966), with ties in both variables. */
import { ColeError } from './errors.js';

/**
 * tau-b = (concordant - discordant) / sqrt((pairs - ties in a) (pairs - ties in b)), in [-1, 1]; NaN where it is undefined:
 * fewer than two values, or all values of one side equal. A NaN among the values is an error, infinities are ordered.
 */
export function kendallTauB(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  if (b.length !== n) {
    throw new ColeError('ERR_SHAPE', `expected ${n} values to rank against ${n} others, got ${b.length}`);
  }
  const rankA = denseRanks(a);
  const rankB = denseRanks(b);
  const order = stableOrder(rankB.order, rankA.ranks, rankA.distinct);
  // In the order of a, and of b where a ties, every pair out of order by b is discordant. A Fenwick tree over the ranks of
  // b counts those before that are not above.
  const tree = new Int32Array(rankB.distinct + 1);
  let discordant = 0;
  let tiedBoth = 0;
  for (let i = 0, run = 0; i < n; i++) {
    const rank = rankB.ranks[order[i]!]!;
    let notAbove = 0;
    for (let at = rank + 1; at > 0; at &= at - 1) notAbove += tree[at]!;
    discordant += i - notAbove;
    for (let at = rank + 1; at <= rankB.distinct; at += at & -at) tree[at]!++;
    const same = i > 0 && rankB.ranks[order[i - 1]!] === rank && rankA.ranks[order[i - 1]!] === rankA.ranks[order[i]!];
    run = same ? run + 1 : 0;
    tiedBoth += run;
  }
  const total = (n * (n - 1)) / 2;
  const score = total - rankA.tied - rankB.tied + tiedBoth - 2 * discordant;
  return score / Math.sqrt((total - rankA.tied) * (total - rankB.tied));
}

interface Ranks {
  /** Positions of the values, smallest value first. */
  readonly order: Int32Array;
  /** Rank of each value among the distinct ones. */
  readonly ranks: Int32Array;
  readonly distinct: number;
  /** Number of pairs of equal values. */
  readonly tied: number;
}

function denseRanks(values: ArrayLike<number>): Ranks {
  const n = values.length;
  const numbers = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) throw new ColeError('ERR_DATA', `expected numbers to rank, got NaN at position ${i}`);
    // Zeros of both signs are equal: one bit pattern.
    numbers[i] = value + 0;
  }
  const order = sortedOrder(numbers);
  const ranks = new Int32Array(n);
  let rank = 0;
  let tied = 0;
  for (let i = 1, run = 0; i < n; i++) {
    const same = numbers[order[i]!] === numbers[order[i - 1]!];
    run = same ? run + 1 : 0;
    tied += run;
    rank += same ? 0 : 1;
    ranks[order[i]!] = rank;
  }
  return { order, ranks, distinct: n > 0 ? rank + 1 : 0, tied };
}

/** Radix sort on the bits of the doubles, 11 at a time, least significant first: no comparison to mispredict. */
function sortedOrder(numbers: Float64Array): Int32Array {
  const n = numbers.length;
  const words = new Uint32Array(numbers.buffer.slice(0));
  // Bits that sort as integers: all flipped below zero, the sign alone from zero on.
  for (let i = 1; i < 2 * n; i += 2) {
    if (words[i]! >>> 31) {
      words[i - 1] = ~words[i - 1]!;
      words[i] = ~words[i]!;
    } else words[i]! ^= 0x80000000;
  }
  let order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let shift = 0; shift < 64; shift += 11) {
    const digits = new Int32Array(n);
    let differ = 0;
    for (let i = 0; i < n; i++) {
      const low = words[2 * i]!;
      const high = words[2 * i + 1]!;
      // A digit may span both words.
      const bits =
        shift >= 32 ? high >>> (shift - 32) : shift > 21 ? (low >>> shift) | (high << (32 - shift)) : low >>> shift;
      digits[i] = bits & 2047;
      differ |= digits[i]! ^ digits[0]!;
    }
    if (differ !== 0) order = stableOrder(order, digits, 2048);
  }
  return order;
}

/** `order` rearranged by keys[position] < bound, positions of equal keys in the order given: a counting sort. */
function stableOrder(order: Int32Array, keys: Int32Array, bound: number): Int32Array<ArrayBuffer> {
  const starts = new Int32Array(bound + 1);
  for (let i = 0; i < keys.length; i++) starts[keys[i]! + 1]!++;
  for (let k = 0; k < bound; k++) starts[k + 1]! += starts[k]!;
  const out = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const position = order[i]!;
    out[starts[keys[position]!]!++] = position;
  }
  return out;
}
