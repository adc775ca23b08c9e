/**
 * A model family: how its files describe it, which weights our graph needs, how each is made from the foreign file's
 * tensors, and the graph itself. All graphs give the same poolings.
 */
import type { TensorSource } from '../formats/source.js';
import type { Graph, WeightTable } from '../onnx/graph.js';
import type { ConfigReader } from './fields.js';
import type { ModelConfig } from './model.js';
import type { GraphOptions } from './poolings.js';
import type { WeightSpec } from './weights.js';

export interface Family {
  /**
   * A state depends on the tokens up to it alone, so texts that begin alike share what they begin with; the graph takes the
   * inputs of `prefixes.ts`. Otherwise it takes `input_ids` [texts, tokens], all texts of one length, and `mask` [texts, 1,
   * tokens], 1 for the tokens that means are over.
   */
  readonly sharesPrefixes: boolean;
  /** From a Hugging Face config.json; ERR_MODEL for what the graph would not compute. */
  readonly huggingFace?: (config: ConfigReader) => ModelConfig;
  /** From the metadata of a GGUF file whose architecture has the family's name. */
  readonly gguf?: (metadata: ConfigReader) => ModelConfig;
  weights(config: ModelConfig, source: TensorSource): WeightSpec[];
  graph(config: ModelConfig, weights: WeightTable, options: GraphOptions): Graph;
}
