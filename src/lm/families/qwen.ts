/** Qwen2 (also Qwen2.5 and its Coder models), with biases of queries, keys and values, and Qwen3, with norms over heads. */
import { decoderGraph } from './decoder.js';
import { decoderSizes, ggufDecoder } from './decoder-config.js';
import { type DecoderParts, decoderWeights } from './decoder-weights.js';
import type { Family } from './family.js';
import type { ConfigReader } from './fields.js';
import type { ModelConfig } from './model.js';

function qwen(family: string, parts: DecoderParts): Family {
  return {
    sharesPrefixes: true,
    huggingFace: (config) => {
      // Qwen2 has its biases without saying so.
      config.only('attention_bias', false);
      const sizes = decoderSizes(config, 1e-6);
      return { family, ...sizes, ...windowsOf(config, sizes) };
    },
    gguf: (metadata) => ({ family, ...ggufDecoder(metadata) }),
    weights: (config, source) => decoderWeights(config, source, parts),
    graph: (config, table, options) => decoderGraph(config, table, options, parts),
  };
}

export const qwen2 = qwen('qwen2', { qkvBias: true });
export const qwen3 = qwen('qwen3', { headNorms: true });

/** The layers from `max_window_layers` on, or those that `layer_types` names. */
function windowsOf(config: ConfigReader, { layers, positions }: Pick<ModelConfig, 'layers' | 'positions'>) {
  const all = Array.from({ length: layers }, (_, layer) => layer);
  const types = config.get('layer_types');
  if (Array.isArray(types) && !types.every((type) => ['full_attention', 'sliding_attention'].includes(type)))
    throw config.error('expected layers of full_attention or sliding_attention', types);
  const size = config.get('use_sliding_window') === true ? config.number('sliding_window', 4096) : positions;
  if (size >= positions) return {};
  const first = config.get('max_window_layers') ?? 28;
  const windowed = all.filter((layer) =>
    Array.isArray(types) ? types[layer] === 'sliding_attention' : layer >= Number(first),
  );
  return { window: size - 1, windowed };
}
