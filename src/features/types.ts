import type { Matrix } from '../base/index.js';

/**
 * What a surrogate sees of an architecture: an embedding of its code, a structural encoding, n-gram counts, a sum of those,
 * or a committee of any of them. Column choices and scales come from the training rows only.
 */
export interface FeatureSet<Arch> {
  /** As on the command line, such as `code`, `path`, `code+ngrams` or `counts/counts+code`. */
  readonly name: string;
  fit(train: readonly Arch[]): Promise<FittedFeatures<Arch>>;
}

export interface FittedFeatures<Arch> {
  readonly columns: number;
  /** Rows of a committee say which columns belong to which part (`Matrix.parts`). */
  transform(archs: readonly Arch[]): Promise<Matrix>;
}
