/** What a kind of head is: it learns scaled targets from reduced features, and can be written down. */
import type { NamedArray } from '../arrow/index.js';
import { ColeError, type Matrix, matrix } from '../base/index.js';
import type { HeadOptions } from './presets.js';

/** Of members: [members, rows]. Or of one model that knows its own uncertainty. In units of the targets that it learnt. */
export type HeadOutput = { readonly members: Matrix } | { readonly mean: Float64Array; readonly std: Float64Array };

export interface FittedHead {
  predict(x: Matrix, threads: number): HeadOutput;
  /** With `arrays` all that a prediction depends on; plain data. */
  readonly header: unknown;
  readonly arrays: Readonly<Record<string, NamedArray>>;
}

export interface Head<Options extends HeadOptions = HeadOptions> {
  /** The head learns a companion target beside y; others are never given one. */
  readonly companions?: true;
  /** x: finite features are for the head to insist on; y and companion: one finite value per row. */
  fit(options: Options, x: Matrix, y: Float64Array, seed: number, companion?: Float64Array): FittedHead;
  /** The inverse of `header` and `arrays`. */
  load(header: unknown, arrays: Readonly<Record<string, NamedArray>>): FittedHead;
}

/** An array of a head's file, of the type that it was written with. */
export function arrayOf<T extends NamedArray>(
  arrays: Readonly<Record<string, NamedArray>>,
  name: string,
  type: new (length: number) => T,
): T {
  const found = arrays[name];
  if (!(found instanceof type))
    throw new ColeError(
      'ERR_DATA',
      `expected a column ${name} of ${type.name} in the surrogate's file, got ${found?.constructor.name ?? 'none'}`,
    );
  return found;
}

export function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** `x`, or `layers` columns of zeros where it has none, as the components of a single row are: for heads that need some. */
export function withColumns(x: Matrix, layers: number): Matrix {
  return x.cols > 0 ? x : matrix(x.rows, layers);
}
