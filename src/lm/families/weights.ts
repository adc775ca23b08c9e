/**
 * The weights of a model as a family lists them. Names and shapes are checked while the list is made, before anything is
 * read; a tensor that nobody asks for (a bias, an adapter, an expert) would change what the model computes, and is refused.
 */
import { ColeError } from '../../base/index.js';
import type { TensorSource } from '../formats/source.js';

export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  make(): Promise<Float32Array>;
}

/** A linear layer's weights, [rows, columns] as PyTorch has them. */
export interface Rows {
  readonly from: string;
  readonly rows: number;
  /** Puts the rows into the order that our graph wants. */
  readonly arrange?: (values: Float32Array) => Float32Array;
  /** The tensor holds `of` such matrices, and this is the one at `index`. */
  readonly stacked?: { readonly index: number; readonly of: number };
}

export class WeightList {
  readonly #specs: WeightSpec[] = [];
  readonly #known = new Set<string>();

  constructor(
    private readonly source: TensorSource,
    private readonly family: string,
  ) {}

  has(from: string): boolean {
    return this.source.names.has(from);
  }

  /** A tensor as it is. */
  tensor(name: string, from: string, ...shape: number[]): void {
    this.computed(name, shape, this.reader(from, ...shape));
  }

  /** Linear layers of the same input, one below the other, as the [columns, sum of rows] that a MatMul takes. */
  matrix(name: string, columns: number, ...parts: Rows[]): void {
    this.#stack(name, columns, parts);
  }

  /** Vectors, one after the other. */
  vector(name: string, ...parts: Rows[]): void {
    this.#stack(name, undefined, parts);
  }

  #stack(name: string, columns: number | undefined, parts: readonly Rows[]): void {
    const inner = columns === undefined ? [] : [columns];
    const readers = parts.map(({ from, rows, arrange, stacked }) => {
      const claimed = this.reader(from, ...(stacked ? [stacked.of] : []), rows, ...inner);
      const read = stacked ? () => this.source.read(from, stacked.index) : claimed;
      return arrange ? async () => arrange(await read()) : read;
    });
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    this.computed(name, [...inner, rows], async () => {
      const out = new Float32Array(rows * (columns ?? 1));
      let start = 0;
      for (const read of readers) start += transposeInto(out, rows, start, await read(), columns ?? 1);
      return out;
    });
  }

  computed(name: string, shape: readonly number[], make: () => Promise<Float32Array>): void {
    this.#specs.push({ name, shape, make });
  }

  /** Claims the tensor `from`, of exactly this shape. */
  reader(from: string, ...shape: number[]): () => Promise<Float32Array> {
    const found = this.source.shape(from);
    if (String(found) !== String(shape))
      throw new ColeError('ERR_MODEL', `expected shape ${shape} for tensor ${from}, got ${found}`);
    this.#known.add(from);
    return () => this.source.read(from);
  }

  shape(from: string): readonly number[] {
    return this.source.shape(from);
  }

  /** `unused`: tensors that embeddings do not need, such as the output projection. */
  finish(unused: RegExp): WeightSpec[] {
    for (const name of this.source.names)
      if (!this.#known.has(name) && !unused.test(name))
        throw new ColeError('ERR_MODEL', `expected only tensors of the ${this.family} family, got ${name}`);
    return this.#specs;
  }
}

const tile = 32;

/** Writes `part` [height, columns] into columns `start` on of `out` [columns, rows], tile by tile; the height. */
function transposeInto(out: Float32Array, rows: number, start: number, part: Float32Array, columns: number): number {
  const height = part.length / columns;
  for (let r0 = 0; r0 < height; r0 += tile)
    for (let c0 = 0; c0 < columns; c0 += tile) {
      const r1 = Math.min(r0 + tile, height);
      const c1 = Math.min(c0 + tile, columns);
      for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) out[c * rows + start + r] = part[r * columns + c]!;
    }
  return height;
}
