/**
 * Qwen2 (also Qwen2.5 and its Coder models), with biases of queries, keys and values; Qwen3, with norms over heads; and its
 * mixture of experts.
 */
import { decoderGraph } from './decoder.js';
import { decoderSizes, expertsOf, ggufDecoder, ggufExperts } from './decoder-config.js';
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

const mixture = {
  headNorms: true,
  expertNames: { block: 'mlp', gate: 'gate_proj', up: 'up_proj', down: 'down_proj' },
};
export const qwen3Moe: Family = {
  sharesPrefixes: true,
  huggingFace: (config) => {
    config.only('attention_bias', false);
    // The shares of the chosen experts sum to 1, and every layer has experts.
    config.must('norm_topk_prob', true);
    config.only('decoder_sparse_step', 1);
    const dense = config.get('mlp_only_layers');
    if (Array.isArray(dense) && dense.length > 0) throw config.error('expected experts in every layer', dense);
    const sizes = { ...decoderSizes(config, 1e-6), intermediate: config.number('moe_intermediate_size') };
    const experts = expertsOf(config, config.number('num_experts', config.optional('num_local_experts')), 8);
    return { family: 'qwen3_moe', ...sizes, ...windowsOf(config, sizes), experts };
  },
  gguf: (metadata) => {
    const experts = ggufExperts(metadata);
    if (!experts) throw metadata.error('expected experts', 'none');
    const intermediate = metadata.number('expert_feed_forward_length');
    return { family: 'qwen3_moe', ...ggufDecoder(metadata), intermediate, experts };
  },
  weights: (config, source) => decoderWeights(config, source, mixture),
  graph: (config, table, options) => decoderGraph(config, table, options, mixture),
};

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
