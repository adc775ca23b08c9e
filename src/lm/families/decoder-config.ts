/** The fields that all decoders have, from a config.json or from GGUF metadata. */
import { type ConfigReader, ggufSizes } from './fields.js';
import type { ModelConfig } from './model.js';
import { ropeOf } from './rope.js';

type Sizes = Omit<ModelConfig, 'family'>;

/** What holds where the file does not say: the families differ. */
export function decoderSizes(
  config: ConfigReader,
  epsilon: number,
  absent: { readonly kvHeads?: number; readonly ropeTheta?: number } = {},
): Sizes {
  config.only('hidden_act', 'silu');
  const hidden = config.number('hidden_size');
  const heads = config.number('num_attention_heads');
  return {
    layers: config.layers('num_hidden_layers'),
    hidden,
    heads,
    kvHeads: config.number('num_key_value_heads', absent.kvHeads ?? heads),
    ...headSize(config.optional('head_dim'), hidden, heads),
    intermediate: config.number('intermediate_size'),
    epsilon: config.number('rms_norm_eps', epsilon),
    vocabulary: config.number('vocab_size'),
    positions: config.number('max_position_embeddings'),
    ...ropeOf(config, absent.ropeTheta),
  };
}

type Experts = NonNullable<ModelConfig['experts']>;

/** `active`: where the file does not say. */
export function expertsOf(config: ConfigReader, count: number, active: number): Experts {
  return checkedExperts(config, { count, active: config.number('num_experts_per_tok', active) });
}

export function ggufExperts(metadata: ConfigReader): Experts | undefined {
  for (const other of ['expert_shared_count', 'expert_group_count', 'leading_dense_block_count'])
    metadata.only(other, 0);
  metadata.only('expert_weights_scale', 0, 1);
  metadata.only('expert_weights_norm', true);
  // Softmax.
  metadata.only('expert_gating_func', 1);
  const count = metadata.get('expert_count');
  if (count === undefined || count === 0) return undefined;
  return checkedExperts(metadata, {
    count: metadata.number('expert_count'),
    active: metadata.number('expert_used_count'),
  });
}

function checkedExperts(config: ConfigReader, experts: Experts): Experts {
  const isWhole = Object.values(experts).every(Number.isSafeInteger);
  if (!isWhole || experts.active > experts.count) throw config.error('expected whole numbers of experts', experts);
  return experts;
}

export function ggufDecoder(metadata: ConfigReader): Sizes {
  const sizes = ggufSizes(metadata);
  const { hidden, heads, positions } = sizes;
  const size = metadata.optional('attention.key_length') ?? hidden / heads;
  metadata.only('attention.value_length', size);
  metadata.only('rope.dimension_count', size);
  metadata.only('attention.sliding_window');
  return {
    ...sizes,
    kvHeads: metadata.number('attention.head_count_kv', heads),
    ...headSize(size, hidden, heads),
    epsilon: metadata.number('attention.layer_norm_rms_epsilon'),
    ropeTheta: metadata.number('rope.freq_base', 10_000),
    ...ggufScaling(metadata, positions),
  };
}

/** llama.cpp's YaRN with default settings is that of the paper. */
function ggufScaling(metadata: ConfigReader, positions: number): Pick<Sizes, 'ropeScaling'> {
  const type = metadata.get('rope.scaling.type');
  metadata.only('rope.scaling.type', 'none', 'linear', 'yarn');
  for (const setting of ['attn_factor', 'yarn_ext_factor', 'yarn_attn_factor', 'yarn_log_multiplier'])
    metadata.only(`rope.scaling.${setting}`);
  metadata.only('rope.scale_linear', 1);
  const factor = () => metadata.number('rope.scaling.factor');
  if (type === 'linear') return { ropeScaling: { type, factor: factor() } };
  if (type !== 'yarn') return {};
  return {
    ropeScaling: {
      type,
      factor: factor(),
      fast: metadata.number('rope.scaling.yarn_beta_fast', 32),
      slow: metadata.number('rope.scaling.yarn_beta_slow', 1),
      original: metadata.number('rope.scaling.original_context_length', positions),
      truncate: true,
      amplitude: factor() <= 1 ? 1 : 0.1 * Math.log(factor()) + 1,
    },
  };
}

function headSize(size: number | undefined, hidden: number, heads: number): Pick<Sizes, 'headSize'> {
  return size === undefined || size === hidden / heads ? {} : { headSize: size };
}
