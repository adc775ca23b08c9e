/**
 * The typed boundary to the C++ addon: every export, with the shape of every buffer. All calls are synchronous over flat
 * buffers; inputs may lie on SharedArrayBuffers; outputs are fresh ArrayBuffers of JavaScript's own (so that they can be
 * transferred to another thread) unless an `out` is passed. A test compares the names here with the signature comments
 * above the bindings and with the keys of the loaded addon.
 */

import type { NativeAttention, NativeGp, NativeModels } from './contract-heads.js';

/** Raised with every change of this file that an old build would misread. */
export const contractAbi = 4;

export interface NativeInfo {
  readonly abi: number;
  readonly version: string;
  /** Instruction set the kernels run on. */
  readonly isa: string;
  readonly supported: readonly string[];
}

/** Hidden states [tokens, dim] of one layer: values, or the bits of half floats. */
export type NativeStates = Float32Array | Uint16Array;
export type NativeElement = 'float32' | 'float16' | 'bfloat16';

/** One way from hidden states to a vector per text: over its tokens, then over layers. */
export interface NativePooling {
  readonly tokens: 'mean' | 'last_token';
  /** mean: the mean of the layers' vectors, [dim]; stack: one after the other, [layers, dim]. */
  readonly overLayers: 'mean' | 'stack';
  /** Which of the given layers, each at most once; at least one. */
  readonly layers: Int32Array;
}

export interface NativePca {
  /** [cols] */
  readonly mean: Float32Array;
  /** [k, cols]: orthonormal rows, strongest first, the loading of largest magnitude positive; a row of zeros where no variance is left. */
  readonly components: Float32Array;
  /** [k]: sample variance (n - 1 in the denominator) along each component. */
  readonly variances: Float32Array;
}

/** A multilayer perceptron and all that its training depends on but the seed. */
export interface NativeMlpSpec {
  /** Widths of the hidden layers, first to last; at least one. */
  readonly hidden: readonly number[];
  /** 1, or 2: a companion first (say, the loss) and what counts last: the hinge loss sees the last output alone. */
  readonly outputs: number;
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

/** A tokenizer as flat data. Byte strings lie one after another: string i is bytes[offsets[i]] .. bytes[offsets[i + 1] - 1]. */
export interface NativeTokenizerSpec {
  /** bpe: of bytes; char-bpe: of characters. */
  readonly model: 'bpe' | 'char-bpe' | 'wordpiece';
  /** Tokens by id, as raw bytes (byte-level BPE: the bytes that its letters stand for); empty where a token cannot come out of the model. */
  readonly tokenBytes: Uint8Array;
  /** [tokens + 1] */
  readonly tokenOffsets: Int32Array;
  /** Tokens that are found in the text before the model sees it; normalized ones are given normalized. */
  readonly addedBytes: Uint8Array;
  /** [added + 1] */
  readonly addedOffsets: Int32Array;
  /** [added] */
  readonly addedIds: Int32Array;
  /** [added]: 1 looked for in the normalized text, 2 takes the white space on its left, 4 on its right, 8 only as a whole word. */
  readonly addedFlags: Uint8Array;
  /**
   * Steps in order, each a name and its arguments: nfc, nfd, nfkc, nfkd, lowercase, strip-accents, bert-clean, bert-chinese,
   * bert-strip-accents; strip LEFT RIGHT ('1' or '0'); prepend TEXT; replace FROM TO; replace-regex PATTERN TO.
   */
  readonly normalizer: readonly (readonly string[])[];
  /**
   * The same: gpt2, llama3, qwen2, bert, digits-alone, prefix-space; split PATTERN BEHAVIOR INVERT (isolated, removed,
   * contiguous, merged-with-previous or merged-with-next); metaspace LETTER SCHEME SPLIT (always, never or first).
   */
  readonly preTokenizer: readonly (readonly string[])[];
  /** Special tokens before and after every text. */
  readonly prefix: Int32Array;
  readonly suffix: Int32Array;
  /** bpe, char-bpe: [merges, 3]: left, right, result. */
  readonly merges: Int32Array;
  /** [merges]: rank of each, equal ones having one result; empty: 0, 1, 2 ... */
  readonly mergeRanks: Int32Array;
  /** char-bpe: [256], the tokens that stand for bytes, -1 for none; empty where characters without a token are unknown. */
  readonly byteIds: Int32Array;
  /** char-bpe: unknown characters in a row are one unknown token. */
  readonly fuseUnknown: boolean;
  /** bpe, char-bpe: a word that is a token is that token, whatever its merges give. */
  readonly ignoreMerges: boolean;
  /** wordpiece: what marks a token that continues a word. */
  readonly continuingPrefix: string;
  /** wordpiece: the token of a word that cannot be covered; char-bpe: of a character, -1 to leave it out; -1 for bpe. */
  readonly unknownId: number;
  /** wordpiece: a word of more characters is unknown. */
  readonly maxWordChars: number;
}

/** Arrow's list layout. */
export interface NativeEncoded {
  readonly ids: Int32Array;
  /** [texts + 1] */
  readonly offsets: Int32Array;
}

export interface NativeTokenizer {
  /** Highest id + 1. */
  readonly vocabularySize: number;
  /**
   * Ids of text i = utf8[offsets[i]] .. utf8[offsets[i + 1] - 1], for all i; offsets [texts + 1] do not fall. The ids do not
   * depend on threads. Bytes that are not valid UTF-8 are an error.
   */
  encodeBatch(utf8: Uint8Array, offsets: Int32Array, addSpecialTokens: boolean, threads: number): NativeEncoded;
}

export interface NativeAddon {
  info(): NativeInfo;

  readonly Tokenizer: new (spec: NativeTokenizerSpec) => NativeTokenizer;

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

  /** Trains one network per seed on x [rows, cols], y [rows, outputs]; a network depends on its own seed alone. */
  trainMlp(
    x: Float32Array,
    y: Float32Array,
    rows: number,
    cols: number,
    spec: NativeMlpSpec,
    seeds: Uint32Array,
    threads: number,
  ): NativeMlp;
  /** [members, rows, outputs] for x [rows, cols] of networks with weights [members, P]. */
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
   * Gaussian process on x [rows, cols], y [rows]. scales as in NativeGp; null: those of largest marginal likelihood on at
   * most 512 of the rows.
   */
  fitGp(
    x: Float32Array,
    y: Float64Array,
    rows: number,
    cols: number,
    scales: Float64Array | null,
    threads: number,
  ): NativeGp;
  /** [2, count]: means and variances of noiseless values at queries [count, cols], by a process fitted to x [rows, cols]. */
  predictGp(
    x: Float32Array,
    rows: number,
    cols: number,
    scales: Float64Array,
    inverse: Float64Array,
    alpha: Float64Array,
    queries: Float32Array,
    count: number,
    threads: number,
  ): Float64Array;

  /**
   * One Perceiver per seed on x [rows, cols], rows of attention.layers vectors each, y [rows]. spec: the perceptron that
   * reads what the query found, one output, without its outputL1 and init. Weights as predictPerceiver takes them.
   */
  trainPerceiver(
    x: Float32Array,
    y: Float32Array,
    rows: number,
    cols: number,
    attention: NativeAttention,
    spec: NativeMlpSpec,
    seeds: Uint32Array,
    threads: number,
  ): NativeMlp;
  /** [members, rows]: outputs for x [rows, cols]. */
  predictPerceiver(
    weights: Float32Array,
    members: number,
    attention: NativeAttention,
    spec: NativeMlpSpec,
    x: Float32Array,
    rows: number,
    cols: number,
    threads: number,
  ): Float32Array;

  /** Version of the XGBoost library at a path or of a name that the system's loader knows. ERR_ADDON where there is none. */
  xgboostVersion(library: string): string;
  /** One booster per seed on x [rows, cols], y [rows]; parameters: names and values in turn. Each is trained on one thread. */
  trainXgboost(
    library: string,
    x: Float32Array,
    y: Float32Array,
    rows: number,
    cols: number,
    parameters: readonly string[],
    rounds: number,
    seeds: Uint32Array,
    threads: number,
  ): NativeModels;
  /** [models, rows]: outputs for x [rows, cols]. */
  predictXgboost(
    library: string,
    bytes: Uint8Array,
    offsets: Int32Array,
    x: Float32Array,
    rows: number,
    cols: number,
    threads: number,
  ): Float32Array;

  /**
   * For each pooling [texts, dim] or, for a stack, [texts, layers, dim], from the hidden states [tokens, dim] of one or more
   * layers, which are read once for all poolings. Float32Arrays for float32, Uint16Arrays otherwise. Text i owns the rows
   * spans[2 i] <= t < spans[2 i + 1], so packed texts and texts padded on either side ([batch, length, dim] read as
   * [batch * length, dim]) are the same case. mask [tokens], or null: rows that are 0 do not count. Sums are float32, in the
   * order of the rows. Errors: a text without any row that counts, a value that is not finite in a row that counts.
   */
  poolTokens(
    layers: readonly NativeStates[],
    element: NativeElement,
    dim: number,
    spans: Int32Array,
    mask: Uint8Array | null,
    poolings: readonly NativePooling[],
    threads: number,
  ): Float32Array[];
  /** [texts, dim]: means of the rows of table [rows, dim] that a text's ids name; offsets [texts + 1]. No ids: zeros. */
  meanRows(table: Float32Array, dim: number, ids: Int32Array, offsets: Int32Array, threads: number): Float32Array;
}
