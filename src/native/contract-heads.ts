/** What the heads beside the perceptron take from the addon; the functions are in contract.ts. */

/** A Gaussian process with kernel exp(-|a - b|^2 / (2 length^2)), for targets of mean zero; its signal variance is 1. */
export interface NativeGp {
  /** [2]: length, and variance of the noise. */
  readonly scales: Float64Array;
  /** [rows, rows]: W, zero above the diagonal, with W^T W = (K + noise)^-1. */
  readonly inverse: Float64Array;
  /** [rows]: (K + noise)^-1 y. */
  readonly alpha: Float64Array;
  /** [rows]: variance of each target given all others; its prediction from them is y - alpha * variance. */
  readonly variances: Float64Array;
}

/** Cross attention of one learned query over the vectors of a row. */
export interface NativeAttention {
  /** Vectors in a row. */
  readonly layers: number;
  readonly heads: number;
  /** Width of the queries, keys and values of a head. */
  readonly headWidth: number;
}

/** Models in a foreign form: model i is bytes[offsets[i]] .. bytes[offsets[i + 1] - 1]. */
export interface NativeModels {
  readonly bytes: Uint8Array;
  /** [models + 1] */
  readonly offsets: Int32Array;
}
