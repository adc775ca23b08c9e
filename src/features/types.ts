import type { Matrix } from '../base/index.js';

/**
 * What a surrogate sees of an architecture: an embedding of its code, a structural encoding, n-gram counts, or a sum of
 * those. Column choices and scales come from the training rows only.
 */
export interface FeatureSet<Arch> {
  /** As on the command line, such as `code`, `path` or `code+ngrams`. */
  readonly name: string;
  fit(train: readonly Arch[]): Promise<FittedFeatures<Arch>>;
}

export interface FittedFeatures<Arch> {
  readonly columns: number;
  transform(archs: readonly Arch[]): Promise<Matrix>;
}
