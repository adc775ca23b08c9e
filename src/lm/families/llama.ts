/** Llama (also Code Llama, Yi, DeepSeek-Coder), Mistral with its window, and Mixtral with its experts. */
import { decoderGraph } from './decoder.js';
import { decoderSizes, expertsOf, ggufDecoder, ggufExperts } from './decoder-config.js';
import { decoderWeights } from './decoder-weights.js';
import type { Family } from './family.js';
import type { ConfigReader } from './fields.js';
import type { ModelConfig } from './model.js';

const parts = {
  pairedInGguf: true,
  expertNames: { block: 'block_sparse_moe', gate: 'w1', up: 'w3', down: 'w2' },
};
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
  // llama.cpp gives Mistral, Mixtral, Yi and DeepSeek-Coder the name of the family too.
  gguf: (metadata) => {
    const experts = ggufExperts(metadata);
    return { family: experts ? 'mixtral' : 'llama', ...ggufDecoder(metadata), ...(experts && { experts }) };
  },
};

export const mistral: Family = {
  ...shared,
  huggingFace: (config) => {
    const sizes = decoderSizes(config, 1e-6, { kvHeads: 8 });
    return { family: 'mistral', ...sizes, ...windowOf(config, sizes, 4096) };
  },
};

export const mixtral: Family = {
  ...shared,
  huggingFace: (config) => {
    const sizes = decoderSizes(config, 1e-5, { kvHeads: 8, ropeTheta: 1e6 });
    const experts = expertsOf(config, config.number('num_local_experts', 8), 2);
    return { family: 'mixtral', ...sizes, ...windowOf(config, sizes, undefined), experts };
  },
};

/**
 * A token sees itself and `sliding_window - 1` before it; a window that holds every text is none. `absent`: the window where
 * the file does not say.
 */
function windowOf(
  config: ConfigReader,
  { layers, positions }: Pick<ModelConfig, 'layers' | 'positions'>,
  absent: number | undefined,
) {
  const size = config.has('sliding_window') ? config.optional('sliding_window') : absent;
  if (size === undefined || size >= positions) return {};
  return { window: size - 1, windowed: Array.from({ length: layers }, (_, layer) => layer) };
}
