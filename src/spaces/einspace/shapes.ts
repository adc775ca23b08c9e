/**
 * Symbolic shapes: which operation fits a tensor, and what comes out. Strict: an operation that fits runs in PyTorch and
 * gives this very shape. A tensor is an image [C, H, W] or a sequence [S, D]; the batch axis is left out, and dimensions
 * are numbered from 1.
 */
import { firstTerminal, operationCount, terminals } from './grammar.js';

/** One tensor, overwritten in place by `apply`: the sampler takes millions of steps a second. */
export class Tensor {
  /** Dimensions in use: 3 for an image, 2 for a sequence. */
  rank = 3;
  d1 = 0;
  d2 = 0;
  d3 = 1;
  /** Variant e2 only: came out of col2im, so that no im2col is drawn. */
  folded = false;

  set(rank: number, d1: number, d2: number, d3: number, folded: boolean): void {
    this.rank = rank;
    this.d1 = d1;
    this.d2 = d2;
    this.d3 = d3;
    this.folded = folded;
  }
  copy(other: Tensor): void {
    this.set(other.rank, other.d1, other.d2, other.d3, other.folded);
  }
  /** Number of values of one sample. A sequence keeps 1 as its third dimension. */
  get elements(): number {
    return this.d1 * this.d2 * this.d3;
  }
  get last(): number {
    return this.rank === 3 ? this.d3 : this.d2;
  }
  get shape(): number[] {
    return this.rank === 3 ? [this.d1, this.d2, this.d3] : [this.d1, this.d2];
  }
}

/** What an operation sees beside its input. */
export interface Surroundings {
  /** Aggregations: output of the second branch, and how many branches there are. */
  readonly other: Tensor;
  readonly branches: number;
  /** col2im: rows and columns that the im2col of the same routing left, 0 for none. */
  readonly rows: number;
  readonly columns: number;
  /** Variant e2: col2im keeps the number of positions. */
  readonly strictFold: boolean;
}

const windowSize = (size: number, kernel: number, stride: number, padding: number): number =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1;

const kinds = Array.from({ length: operationCount }, (_, op) => terminals[op - firstTerminal]?.kind);
const argument = (index: number) =>
  Int32Array.from({ length: operationCount }, (_, op) => terminals[op - firstTerminal]?.args[index] ?? 0);
const [first, second, third] = [argument(0), argument(1), argument(2)] as [Int32Array, Int32Array, Int32Array];

function dimension(tensor: Tensor, dim: number): number {
  return dim === 1 ? tensor.d1 : dim === 2 ? tensor.d2 : tensor.d3;
}

/** Whether the terminal `op` may be applied to the tensor. */
export function fits(op: number, x: Tensor, around: Surroundings): boolean {
  switch (kinds[op]) {
    case 'permute':
      return (third[op] === 0 ? 2 : 3) === x.rank;
    case 'im2col':
      return x.rank === 3 && Math.min(x.d2, x.d3) + 2 * third[op]! >= first[op]!;
    case 'col2im': {
      const positions = around.rows * around.columns;
      if (x.rank !== 2 || positions === 0) return false;
      return around.strictFold ? x.d1 === positions : (x.d1 * x.d2) % positions === 0;
    }
    case 'group':
      return second[op]! <= x.rank && dimension(x, second[op]!) % first[op]! === 0;
    case 'add': {
      const { other } = around;
      return x.rank === other.rank && x.d1 === other.d1 && x.d2 === other.d2 && x.d3 === other.d3;
    }
    case 'cat': {
      const { other } = around;
      const dim = first[op]!;
      return (
        x.rank === other.rank &&
        dim <= x.rank &&
        (dim === 1 || x.d1 === other.d1) &&
        (dim === 2 || x.d2 === other.d2) &&
        (dim === 3 || x.d3 === other.d3)
      );
    }
    case 'dot':
    case 'scaled': {
      const { other, branches } = around;
      if (branches !== 2 || x.rank !== other.rank) return false;
      return x.rank === 3 ? x.d1 === other.d1 && x.d3 === other.d2 : x.d2 === other.d1;
    }
    default:
      return true;
  }
}

/**
 * Whether the grammar offers a terminal that fits. Windows larger than the image run where padding makes up for it, as in
 * the last stage of a ResNet, and convolutions follow one another; neither a larger window nor, in variant e2, a second
 * im2col on one path is drawn.
 */
export function isOffered(op: number, x: Tensor): boolean {
  return kinds[op] !== 'im2col' || (Math.min(x.d2, x.d3) >= first[op]! && !x.folded);
}

/** Turns the tensor into the output of a terminal that fits, and returns the number of parameters it owns. */
export function apply(op: number, x: Tensor, around: Surroundings): number {
  switch (kinds[op]) {
    case 'permute': {
      const { d1, d2, d3 } = x;
      const pick = (axis: number) => (axis === 1 ? d1 : axis === 2 ? d2 : d3);
      x.d1 = pick(first[op]!);
      x.d2 = pick(second[op]!);
      if (x.rank === 3) x.d3 = pick(third[op]!);
      return 0;
    }
    case 'im2col': {
      const kernel = first[op]!;
      const positions =
        windowSize(x.d2, kernel, second[op]!, third[op]!) * windowSize(x.d3, kernel, second[op]!, third[op]!);
      x.set(2, positions, x.d1 * kernel * kernel, 1, false);
      return 0;
    }
    case 'col2im':
      x.set(3, (x.d1 * x.d2) / (around.rows * around.columns), around.rows, around.columns, around.strictFold);
      return 0;
    case 'linear': {
      const width = first[op]!;
      const parameters = x.last * width + width;
      if (x.rank === 3) x.d3 = width;
      else x.d2 = width;
      return parameters;
    }
    case 'norm':
      return 2 * (x.rank === 3 ? x.d1 : x.d2);
    case 'position':
      return x.elements;
    case 'group':
      scale(x, second[op]!, 1 / first[op]!);
      return 0;
    case 'cat': {
      const dim = first[op]!;
      // More than two branches are copies of one module, so they all have the shape of the first.
      if (around.branches > 2) scale(x, dim, around.branches);
      else if (dim === 1) x.d1 += around.other.d1;
      else if (dim === 2) x.d2 += around.other.d2;
      else x.d3 += around.other.d3;
      return 0;
    }
    case 'dot':
    case 'scaled':
      if (x.rank === 3) x.d3 = around.other.d3;
      else x.d2 = around.other.d2;
      return 0;
    default:
      return 0;
  }
}

function scale(x: Tensor, dim: number, by: number): void {
  // Multiplying by 1/2, 1/4 or 1/8 is exact.
  if (dim === 1) x.d1 *= by;
  else if (dim === 2) x.d2 *= by;
  else x.d3 *= by;
}

/** Rows or columns that an im2col leaves of an image side. */
export function windowsAlong(op: number, size: number): number {
  return windowSize(size, first[op]!, second[op]!, third[op]!);
}
