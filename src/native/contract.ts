/**
 * The typed boundary to the C++ addon: every export, with the shape of every buffer. All calls are synchronous over flat
 * buffers; inputs may lie on SharedArrayBuffers; outputs are fresh ArrayBuffers of JavaScript's own (so that they can be
 * transferred to another thread) unless an `out` is passed. A test compares the names here with the signature comments
 * above the bindings and with the keys of the loaded addon.
 */

/** Raised with every change of this file that an old build would misread. */
export const contractAbi = 1;

export interface NativeInfo {
  readonly abi: number;
  readonly version: string;
  /** Instruction set the kernels run on. */
  readonly isa: string;
  readonly supported: readonly string[];
}

/** How hidden states become one vector per text; see poolTokens. */
export type NativePooling = 'mean' | 'last_token';

export interface NativePca {
  /** [cols] */
  readonly mean: Float32Array;
  /** [k, cols]: orthonormal rows, strongest first, the loading of largest magnitude positive; a row of zeros where no variance is left. */
  readonly components: Float32Array;
  /** [k]: sample variance (n - 1 in the denominator) along each component. */
  readonly variances: Float32Array;
}

/** A multilayer perceptron with one output and all that its training depends on but the seed. */
export interface NativeMlpSpec {
  /** Widths of the hidden layers, first to last; at least one. */
  readonly hidden: readonly number[];
  /** Slope of the activation below zero: 0.01 is PyTorch's LeakyReLU, 0 is ReLU. */
  readonly negativeSlope: number;
  /** Probability that a hidden unit is dropped in a training step, in [0, 1). */
  readonly dropout: number;
  /** hinge: mean over pairs of the batch with different targets of max(0, margin - sign(y_i - y_j) (s_i - s_j)). */
  readonly loss: 'mse' | 'hinge';
  readonly margin: number;
  /** A batch with more pairs takes this many of them, drawn without replacement. */
  readonly maxPairs: number;
  /** Adds outputL1 times the L1 norm of the weights of the output layer to the loss. */
  readonly outputL1: number;
  /** uniform: weights and biases from +-1/sqrt(fan_in), PyTorch's default; xavier: +-sqrt(6/(fan_in + fan_out)), biases 0. */
  readonly init: 'uniform' | 'xavier';
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Rows per step; the last step of an epoch takes what is left. */
  readonly batch: number;
  readonly epochs: number;
  /** A new order of the rows for every epoch; otherwise consecutive slices in the given order. */
  readonly shuffle: boolean;
  /** Largest norm of the gradient of all parameters together; 0 for no clipping. */
  readonly clipNorm: number;
}

export interface NativeMlp {
  /** [members, P]: per layer the weights [out, in], then the biases [out]. */
  readonly weights: Float32Array;
  /** [members]: mean loss over the steps of the last epoch. */
  readonly finalLoss: Float32Array;
}

export interface NativeAddon {
  info(): NativeInfo;

  /**
   * out [m, n] = op(a) op(b) in float32, where op transposes on request: a is [m, k] (transposed: [k, m]), b is [k, n]
   * (transposed: [n, k]).
   */
  gemm(
    a: Float32Array,
    b: Float32Array,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
    threads: number,
  ): Float32Array;

  /** Exact principal components of x [rows, cols]; k <= min(rows - 1, cols). */
  fitPca(x: Float32Array, rows: number, cols: number, k: number, threads: number): NativePca;
  /** (x - mean) components^T: [rows, k] from x [rows, cols], mean [cols], components [k, cols]. */
  project(
    x: Float32Array,
    rows: number,
    cols: number,
    mean: Float32Array,
    components: Float32Array,
    k: number,
    threads: number,
  ): Float32Array;

  /** Trains one network per seed on x [rows, cols], y [rows]; a network depends on its own seed alone. */
  trainMlp(
    x: Float32Array,
    y: Float32Array,
    rows: number,
    cols: number,
    spec: NativeMlpSpec,
    seeds: Uint32Array,
    threads: number,
  ): NativeMlp;
  /** [members, rows]: outputs for x [rows, cols] of networks with weights [members, P]. */
  predictMlp(
    weights: Float32Array,
    members: number,
    spec: NativeMlpSpec,
    x: Float32Array,
    rows: number,
    cols: number,
    threads: number,
  ): Float32Array;

  /**
   * One vector [dim] per text from the hidden states [tokens, dim] of one or more layers (several layers: the mean of
   * their vectors). Text i owns the rows spans[2 i] <= t < spans[2 i + 1], so packed texts and texts padded on either side
   * ([batch, length, dim] read as [batch * length, dim]) are the same case. mask [tokens], or null: rows that are 0 do not
   * count. A text without any row that counts is an error.
   */
  poolTokens(
    layers: readonly Float32Array[],
    dim: number,
    spans: Int32Array,
    mask: Uint8Array | null,
    mode: NativePooling,
    threads: number,
  ): Float32Array;
}
