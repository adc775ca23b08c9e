import type { Matrix } from '../base/index.js';

export interface Prediction {
  /** Mean over the members, in units of the target; after a ranking loss it is the order that counts, the units are near at best. */
  readonly mean: Float64Array;
  /**
   * Ensembles: population deviation over the members. `ridge` and `gp`: deviation of a new value about the mean, calibrated
   * by leave-one-out on the training rows; 0 where those do not differ. Committees: of the mixture of their heads, so that it
   * also tells where these differ.
   */
  readonly std: Float64Array;
  /** [members, rows]: each member's own predictions; heads that are no ensembles have one, the mean. Committees: of all heads. */
  readonly members: Matrix;
}

/** A regressor from feature rows to one target. */
export interface Surrogate {
  readonly name: string;
  /**
   * Throws ERR_DATA naming row and column of a value that is not finite. The same seed gives the same bits for any number of
   * threads. companion, of head `mlp` alone: a second target, such as the validation loss, that shares the hidden layers;
   * squared error learns both, the hinge loss sees y alone, predictions are those of y.
   */
  fit(x: Matrix, y: Float64Array, seed: number, companion?: Float64Array): FittedSurrogate;
}

export interface FittedSurrogate {
  predict(x: Matrix): Prediction;
  /** Arrow IPC bytes; `loadSurrogate` gives a surrogate that predicts bit-equal. */
  serialize(): Uint8Array;
}
