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
  const rankA = ranksBelow(a);
  const rankB = ranksBelow(b);
  // In the order of a, and of b where a ties, every pair out of order by b is discordant. Places of the values in the order
  // of b, equal ones in the order they come in: a permutation, whose inversions are the discordant pairs.
  const order = tiesOrdered(rankA, rankB);
  const places = new Int32Array(n);
  let tiedBoth = 0;
  if (rankA.tied === 0 && rankB.tied === 0) {
    for (let i = 0; i < n; i++) places[i] = rankB.ranks[order[i]!]!;
  } else {
    const taken = new Int32Array(n);
    for (let i = 0, run = 0, lastA = -1, lastB = -1; i < n; i++) {
      const ofA = rankA.ranks[order[i]!]!;
      const ofB = rankB.ranks[order[i]!]!;
      run = ofA === lastA && ofB === lastB ? run + 1 : 0;
      tiedBoth += run;
      lastA = ofA;
      lastB = ofB;
      places[i] = ofB + taken[ofB]!++;
    }
  }
  const discordant = inversions(places);
  const total = (n * (n - 1)) / 2;
  const score = total - rankA.tied - rankB.tied + tiedBoth - 2 * discordant;
  return score / Math.sqrt((total - rankA.tied) * (total - rankB.tied));
}

/** Positions in the order of a, those that tie in the order of b. */
function tiesOrdered(a: Ranks, b: Ranks): Int32Array {
  const n = a.order.length;
  if (a.tied === 0) return a.order;
  if (a.tied > n) return stableOrder(b.order, a.ranks, n);
  // Few ties: at most one move for each tied pair.
  const order = a.order;
  for (let i = 1; i < n; i++) {
    const position = order[i]!;
    let at = i;
    for (; at > 0; at--) {
      const before = order[at - 1]!;
      if (a.ranks[before] !== a.ranks[position] || b.ranks[before]! <= b.ranks[position]!) break;
      order[at] = before;
    }
    order[at] = position;
  }
  return order;
}

/**
 * Pairs of a permutation of 0 .. n - 1 that stand in the wrong order. Values that have come are bits, 32 in a word; a binary
 * tree over the words counts what came in each left half, one step per level for every value, so that no branch is hard to
 * predict; the bits of a word are counted in parallel.
 */
function inversions(permutation: Int32Array): number {
  const n = permutation.length;
  const leaves = 2 ** (32 - Math.clz32(n >>> 5));
  const seen = new Int32Array(leaves);
  const left = new Int32Array(leaves);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const value = permutation[i]!;
    const word = value >>> 5;
    const bit = 1 << (value & 31);
    let below = bitCount(seen[word]! & (bit - 1));
    seen[word]! |= bit;
    for (let node = word + leaves; node > 1; ) {
      const isRight = node & 1;
      node >>>= 1;
      const count = left[node]!;
      below += count & -isRight;
      left[node] = count + 1 - isRight;
    }
    total += i - below;
  }
  return total;
}

function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

interface Ranks {
  /** Positions of the values, smallest value first. */
  readonly order: Int32Array;
  /** How many values are less than each. */
  readonly ranks: Int32Array;
  /** Number of pairs of equal values. */
  readonly tied: number;
}

function ranksBelow(values: ArrayLike<number>): Ranks {
  const n = values.length;
  const numbers = new Float64Array(n);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) throw new ColeError('ERR_DATA', `expected numbers to rank, got NaN at position ${i}`);
    // Zeros of both signs are equal: one bit pattern.
    numbers[i] = value + 0;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // Sorted by their place in the range, which tells most values apart unless a few lie far out: in one pass by about twice
  // as many places as there are values, or, where too many share one, in two passes by more; else by all their bits.
  const few = Math.min(16, 33 - Math.clz32(n));
  for (const [bits, passes] of [
    [few, 1],
    [11, 2],
  ] as const) {
    const scale = (2 ** (bits * passes) - 1) / (high - low);
    if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) break;
    const keys = new Int32Array(n);
    for (let i = 0; i < n; i++) keys[i] = (numbers[i]! - low) * scale;
    const ranks = ranksOf(numbers, radixOrder(keys, null, passes, bits));
    if (ranks) return ranks;
  }
  const words = new Int32Array(numbers.buffer);
  // Bits that sort as unsigned integers: all flipped below zero, the sign alone from zero on.
  const lower = Int32Array.from(numbers, (_, i) => words[2 * i]! ^ (words[2 * i + 1]! >> 31));
  const upper = Int32Array.from(numbers, (_, i) => words[2 * i + 1]! ^ ((words[2 * i + 1]! >> 31) | 0x80000000));
  const order = radixOrder(upper, radixOrder(lower, null, 3, 11), 3, 11);
  // Sorted already: nothing is left to move.
  return ranksOf(numbers, order)!;
}

/** Ranks after positions of equal keys have been sorted by their numbers; undefined where that would take too many moves. */
function ranksOf(numbers: Float64Array, order: Int32Array): Ranks | undefined {
  const n = numbers.length;
  const longest = 32;
  const sorted = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const position = order[i]!;
    const value = numbers[position]!;
    let at = i;
    for (; at > 0 && sorted[at - 1]! > value; at--) {
      sorted[at] = sorted[at - 1]!;
      order[at] = order[at - 1]!;
    }
    sorted[at] = value;
    order[at] = position;
    if (i - at > longest) return undefined;
  }
  const ranks = new Int32Array(n);
  let tied = 0;
  for (let i = 0, first = 0; i < n; i++) {
    if (sorted[i] !== sorted[first]) first = i;
    tied += i - first;
    ranks[order[i]!] = first;
  }
  return { order, ranks, tied };
}

/**
 * `order`, or the positions in turn, rearranged by the lowest `digits` of keys[position], `bits` each and least significant
 * first, as unsigned integers and stably: no comparison to mispredict.
 */
function radixOrder(keys: Int32Array, order: Int32Array | null, digits: number, bits: number): Int32Array {
  const n = keys.length;
  const mask = 2 ** bits - 1;
  let from = order;
  for (let digit = 0; digit < digits; digit++) {
    const shift = bits * digit;
    const starts = new Int32Array(mask + 2);
    for (let i = 0; i < n; i++) starts[((keys[i]! >>> shift) & mask) + 1]!++;
    for (let k = 0; k <= mask; k++) starts[k + 1]! += starts[k]!;
    const to = new Int32Array(n);
    if (from) for (let i = 0; i < n; i++) to[starts[(keys[from[i]!]! >>> shift) & mask]!++] = from[i]!;
    else for (let i = 0; i < n; i++) to[starts[(keys[i]! >>> shift) & mask]!++] = i;
    from = to;
  }
  return from!;
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
