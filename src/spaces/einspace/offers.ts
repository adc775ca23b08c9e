/**
 * The operations that the grammar offers in a place for a tensor, as a list to draw from. Which ones fit depends on a few
 * bits of the shapes, so a list is made once for each combination of bits: asking `fits` for every candidate took half of
 * the sampler's time.
 */
import { branchFactor, places } from './grammar.js';
import { fits, isOffered, type Surroundings, type Tensor } from './shapes.js';

const factors = [2, 4, 8];
const splitsInto = factors.map((factor) => places.branch.filter((op) => branchFactor[op] === factor));

/** How often 2 divides a number, at most 3 times, by its last three bits. */
const twos = [3, 0, 1, 0, 2, 0, 1, 0];

export class Offers {
  readonly #lists = new Map<number, Uint8Array>();

  pre(x: Tensor, around: Surroundings): Uint8Array {
    const side = Math.min(x.d2, x.d3);
    const windows = side >= 16 ? 5 : side >= 8 ? 4 : side >= 4 ? 3 : side >= 3 ? 2 : 1;
    return this.#list(0, x.rank === 2 ? 0 : x.folded ? 6 : windows, places.pre, x, around);
  }

  post(x: Tensor, around: Surroundings): Uint8Array {
    const positions = around.rows * around.columns;
    const folds =
      x.rank === 2 && positions > 0 && (around.strictFold ? x.d1 === positions : (x.d1 * x.d2) % positions === 0);
    return this.#list(1, x.rank === 3 ? 0 : folds ? 2 : 1, places.post, x, around);
  }

  /** `factor` 0 for any. */
  branch(factor: number, x: Tensor, around: Surroundings): Uint8Array {
    const third = x.rank === 2 ? 4 : twos[x.d3 % 8]!;
    const divisors = (twos[x.d1 % 8]! * 4 + twos[x.d2 % 8]!) * 5 + third;
    const candidates = factor === 0 ? places.branch : splitsInto[factors.indexOf(factor)]!;
    return this.#list(2, factor * 80 + divisors, candidates, x, around);
  }

  aggregation(x: Tensor, around: Surroundings): Uint8Array {
    const { other, branches } = around;
    if (branches > 2) return this.#list(3, x.rank, places.aggregation, x, around);
    let bits = x.rank === other.rank ? 8 : 16;
    if (x.d1 === other.d1) bits += 32;
    if (x.d2 === other.d2) bits += 64;
    if (x.d3 === other.d3) bits += 128;
    if (x.rank === 3 ? x.d3 === other.d2 : x.d2 === other.d1) bits += 256;
    return this.#list(3, bits + x.rank, places.aggregation, x, around);
  }

  #list(place: number, bits: number, ops: readonly number[], x: Tensor, around: Surroundings): Uint8Array {
    const key = place * 1024 + bits;
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = Uint8Array.from(ops.filter((op) => fits(op, x, around) && isOffered(op, x)));
      this.#lists.set(key, list);
    }
    return list;
  }
}
