/** Llama (also Code Llama, Yi, DeepSeek-Coder), Mistral with its window, and Mixtral with its experts. */
import { decoderGraph } from './decoder.js';
import { decoderSizes, ggufDecoder } from './decoder-config.js';
import { decoderWeights } from './decoder-weights.js';
import type { Family } from './family.js';
import type { ConfigReader } from './fields.js';
import type { ModelConfig } from './model.js';

const parts = { pairedInGguf: true };
const shared = {
  sharesPrefixes: true,
  weights: (config, source) => decoderWeights(config, source, parts),
  graph: (config, table, options) => decoderGraph(config, table, options, parts),
} satisfies Family;

export const llama: Family = {
  ...shared,
  huggingFace: (config) => {
    config.only('attention_bias', false);
    config.only('mlp_bias', false);
    return { family: 'llama', ...decoderSizes(config, 1e-6) };
  },
  // llama.cpp gives Mistral, Yi and DeepSeek-Coder the name of the family too.
  gguf: (metadata) => {
    metadata.only('expert_count', 0);
    return { family: 'llama', ...ggufDecoder(metadata) };
  },
};

export const mistral: Family = {
  ...shared,
  huggingFace: (config) => {
    const sizes = decoderSizes(config, 1e-6, 8);
    return { family: 'mistral', ...sizes, ...windowOf(config, sizes) };
  },
};

export const mixtral: Family = {
  ...shared,
  huggingFace: (config) => {
    const sizes = decoderSizes(config, 1e-5, 8);
    const experts = { count: config.number('num_local_experts', 8), active: config.number('num_experts_per_tok', 2) };
    if (
      !(Number.isSafeInteger(experts.count) && Number.isSafeInteger(experts.active) && experts.active <= experts.count)
    )
      throw config.error('expected whole numbers of experts', experts);
    return { family: 'mixtral', ...sizes, ...windowOf(config, sizes), experts };
  },
};

/** A token sees itself and `sliding_window - 1` before it; a window that holds every text is none. */
function windowOf(config: ConfigReader, { layers, positions }: Pick<ModelConfig, 'layers' | 'positions'>) {
  const size = config.optional('sliding_window');
  if (size === undefined || size >= positions) return {};
  return { window: size - 1, windowed: Array.from({ length: layers }, (_, layer) => layer) };
}
