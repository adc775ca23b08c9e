/**
 * A model family: which weights our graph needs, how each is made from the foreign file's tensors, and the graph itself.
 * The same graph outputs for all: hidden states of the last layer and the three poolings.
 */
import type { TensorSource } from '../formats/source.js';
import type { Graph, WeightTable } from '../onnx/graph.js';

/** Sizes of a transformer, independent of the file it came from; kept in the store beside the weights. */
export interface ModelConfig {
  readonly family: string;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly intermediate: number;
  readonly epsilon: number;
  readonly vocabulary: number;
  /** Longest text in tokens. */
  readonly positions: number;
  /** Base of the rotary position angles, 0 where the family has none. */
  readonly ropeTheta: number;
}

export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  make(): Promise<Float32Array>;
}

export interface Family {
  /**
   * A state depends on the tokens up to it alone, so texts that begin alike share what they begin with; the graph takes the
   * inputs of `prefixes.ts`. Otherwise it takes `input_ids` [texts, tokens], all texts of one length.
   */
  readonly sharesPrefixes: boolean;
  weights(config: ModelConfig, source: TensorSource): WeightSpec[];
  graph(config: ModelConfig, weights: WeightTable): Graph;
}

/** PyTorch's linear weights [out, in], one below the other, as the [in, sum of outs] that a MatMul takes. */
export function transposed(parts: readonly Float32Array[], columns: number): Float32Array {
  const rows = parts.reduce((sum, part) => sum + part.length / columns, 0);
  const out = new Float32Array(rows * columns);
  let start = 0;
  for (const part of parts) {
    const height = part.length / columns;
    for (let r = 0; r < height; r++)
      for (let c = 0; c < columns; c++) out[c * rows + start + r] = part[r * columns + c]!;
    start += height;
  }
  return out;
}
