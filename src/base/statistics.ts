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
  prepare(n);
  const rankA = ranksBelow(a);
  const rankB = ranksBelow(b);
  const { places, tiedBoth } = placesOf(tiesOrdered(rankA, rankB), rankA.ranks, rankB.ranks);
  const discordant = inversions(places);
  const total = (n * (n - 1)) / 2;
  const score = total - rankA.tied - rankB.tied + tiedBoth - 2 * discordant;
  return score / Math.sqrt((total - rankA.tied) * (total - rankB.tied));
}

/**
 * The arrays of a call lie in one buffer that calls share: the system hands out fresh ones page by page, which took a third of
 * a call. Larger ones than this are not kept.
 */
const kept = 2 ** 16;
let buffer = new ArrayBuffer(0);
let used = 0;

/** Room for the arrays of `n` values each that a call takes, as far as it takes the usual way. */
function prepare(n: number): void {
  used = 0;
  const bytes = 96 * n + 2 ** 20;
  if (n > kept) buffer = new ArrayBuffer(0);
  else if (buffer.byteLength < bytes) buffer = new ArrayBuffer(bytes);
}

function place(bytes: number): number | undefined {
  const at = used;
  used += (bytes + 7) & ~7;
  return used <= buffer.byteLength ? at : undefined;
}

/** Of any content. */
function integers(n: number): Int32Array {
  const at = place(4 * n);
  return at === undefined ? new Int32Array(n) : new Int32Array(buffer, at, n);
}

function zeros(n: number): Int32Array {
  return integers(n).fill(0);
}

/** Of any content. */
function doubles(n: number): Float64Array {
  const at = place(8 * n);
  return at === undefined ? new Float64Array(n) : new Float64Array(buffer, at, n);
}

/**
 * In the order of a, and of b where a ties, every pair out of order by b is discordant. Places of the values in the order of
 * b, equal ones in the order they come in: a permutation, whose inversions are the discordant pairs.
 */
function placesOf(order: Int32Array, ranksA: Int32Array, ranksB: Int32Array): { places: Int32Array; tiedBoth: number } {
  const n = order.length;
  const places = integers(n);
  const taken = zeros(n);
  let tiedBoth = 0;
  for (let i = 0, run = 0, lastA = -1, lastB = -1; i < n; i++) {
    const ofA = ranksA[order[i]!]!;
    const ofB = ranksB[order[i]!]!;
    run = ofA === lastA && ofB === lastB ? run + 1 : 0;
    tiedBoth += run;
    lastA = ofA;
    lastB = ofB;
    places[i] = ofB + taken[ofB]!++;
  }
  return { places, tiedBoth };
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
  const seen = zeros(leaves);
  const left = zeros(leaves);
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

// One loop to a function from here on: of several, the compiler has seen only the first when it is called upon, and throws
// what it made of the rest away again; that was half the time of the first twenty calls.
function ranksBelow(values: ArrayLike<number>): Ranks {
  const { numbers, low, high } = checked(values);
  // Sorted by their place in the range, which tells most values apart unless a few lie far out: in one pass by about twice
  // as many places as there are values, or, where too many share one, in two passes by more; else by all their bits.
  const few = Math.min(16, 33 - Math.clz32(numbers.length));
  for (let passes = 1; passes <= 2; passes++) {
    const bits = passes === 1 ? few : 11;
    const scale = (2 ** (bits * passes) - 1) / (high - low);
    if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) break;
    const order = radixOrder(placesIn(numbers, low, scale), null, passes, bits);
    const sorted = settle(numbers, order);
    if (sorted) return ranksOf(sorted, order);
  }
  const words = new Int32Array(numbers.buffer, numbers.byteOffset, 2 * numbers.length);
  // Bits that sort as unsigned integers: all flipped below zero, the sign alone from zero on.
  const lower = Int32Array.from(numbers, (_, i) => words[2 * i]! ^ (words[2 * i + 1]! >> 31));
  const upper = Int32Array.from(numbers, (_, i) => words[2 * i + 1]! ^ ((words[2 * i + 1]! >> 31) | 0x80000000));
  const order = radixOrder(upper, radixOrder(lower, null, 3, 11), 3, 11);
  // Sorted already: nothing is left to move.
  return ranksOf(settle(numbers, order)!, order);
}

function checked(values: ArrayLike<number>): { numbers: Float64Array; low: number; high: number } {
  const n = values.length;
  const numbers = doubles(n);
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
  return { numbers, low, high };
}

function placesIn(numbers: Float64Array, low: number, scale: number): Int32Array {
  const n = numbers.length;
  const places = integers(n);
  for (let i = 0; i < n; i++) places[i] = (numbers[i]! - low) * scale;
  return places;
}

/** Finishes the order of numbers that are nearly sorted; gives them in it, or undefined where that would take too many moves. */
function settle(numbers: Float64Array, order: Int32Array): Float64Array | undefined {
  const n = numbers.length;
  const longest = 32;
  const sorted = doubles(n);
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
  return sorted;
}

function ranksOf(sorted: Float64Array, order: Int32Array): Ranks {
  const n = sorted.length;
  const ranks = integers(n);
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
  let from = order ?? inTurn(keys.length);
  for (let digit = 0; digit < digits; digit++) {
    const starts = startsOf(keys, bits * digit, 2 ** bits - 1);
    from = placed(keys, from, starts, bits * digit, 2 ** bits - 1);
  }
  return from;
}

function inTurn(n: number): Int32Array {
  const order = integers(n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}

/** Where the run of each digit begins. */
function startsOf(keys: Int32Array, shift: number, mask: number): Int32Array {
  const starts = zeros(mask + 2);
  for (let i = 0; i < keys.length; i++) starts[((keys[i]! >>> shift) & mask) + 1]!++;
  accumulate(starts);
  return starts;
}

function accumulate(counts: Int32Array): void {
  let sum = 0;
  for (let k = 0; k < counts.length; k++) {
    sum += counts[k]!;
    counts[k] = sum;
  }
}

function placed(keys: Int32Array, from: Int32Array, starts: Int32Array, shift: number, mask: number): Int32Array {
  const to = integers(from.length);
  for (let i = 0; i < from.length; i++) {
    const position = from[i]!;
    to[starts[(keys[position]! >>> shift) & mask]!++] = position;
  }
  return to;
}

/** `order` rearranged by keys[position] < bound, positions of equal keys in the order given: a counting sort. */
function stableOrder(order: Int32Array, keys: Int32Array, bound: number): Int32Array {
  const starts = zeros(bound + 1);
  for (let i = 0; i < keys.length; i++) starts[keys[i]! + 1]!++;
  for (let k = 0; k < bound; k++) starts[k + 1]! += starts[k]!;
  const out = integers(order.length);
  for (let i = 0; i < order.length; i++) {
    const position = order[i]!;
    out[starts[keys[position]!]!++] = position;
  }
  return out;
}
