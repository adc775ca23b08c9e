/** Reads a model's sizes from GGUF metadata or a Hugging Face config.json, and refuses what our graphs do not compute. */
import { ColeError } from '../../base/index.js';
import { bert } from './bert.js';
import type { Family, ModelConfig } from './family.js';
import { llama } from './llama.js';

export const families: Readonly<Record<string, Family>> = { llama, bert };

type Fields = Readonly<Record<string, unknown>>;

export function configOfGguf(metadata: Fields, path: string): ModelConfig {
  const family = metadata['general.architecture'];
  if (family !== 'llama') throw unknownFamily(family, path, ['llama']);
  const get = reader(metadata, path, (key) => `llama.${key}`);
  refuse(path, 'rope scaling', metadata['llama.rope.scaling.type'], ['none']);
  refuse(path, 'experts', metadata['llama.expert_count'], [0]);
  const hidden = get('embedding_length');
  const heads = get('attention.head_count');
  const headSize = hidden / heads;
  refuse(path, 'rotary dimensions', metadata['llama.rope.dimension_count'], [headSize]);
  refuse(path, 'size of a key head', metadata['llama.attention.key_length'], [headSize]);
  const tokens = metadata['tokenizer.ggml.tokens'];
  return checked(path, {
    family,
    layers: get('block_count'),
    hidden,
    heads,
    kvHeads: get('attention.head_count_kv', heads),
    intermediate: get('feed_forward_length'),
    epsilon: get('attention.layer_norm_rms_epsilon'),
    vocabulary: get('vocab_size', Array.isArray(tokens) ? tokens.length : undefined),
    positions: get('context_length'),
    ropeTheta: get('rope.freq_base', 10_000),
  });
}

export function configOfHuggingFace(config: Fields, path: string): ModelConfig {
  const get = reader(config, path, (key) => key);
  const family = config.model_type;
  const hidden = () => get('hidden_size');
  const heads = () => get('num_attention_heads');
  const common = () => ({
    layers: get('num_hidden_layers'),
    hidden: hidden(),
    heads: heads(),
    intermediate: get('intermediate_size'),
    vocabulary: get('vocab_size'),
    positions: get('max_position_embeddings'),
  });
  if (family === 'bert') {
    refuse(path, 'hidden_act', config.hidden_act, ['gelu']);
    refuse(path, 'position_embedding_type', config.position_embedding_type, ['absolute']);
    return checked(path, {
      family,
      ...common(),
      kvHeads: heads(),
      epsilon: get('layer_norm_eps', 1e-12),
      ropeTheta: 0,
    });
  }
  if (family === 'llama') {
    refuse(path, 'hidden_act', config.hidden_act, ['silu']);
    refuse(path, 'rope_scaling', config.rope_scaling, []);
    refuse(path, 'attention_bias', config.attention_bias, [false]);
    refuse(path, 'mlp_bias', config.mlp_bias, [false]);
    refuse(path, 'head_dim', config.head_dim, [hidden() / heads()]);
    return checked(path, {
      family,
      ...common(),
      kvHeads: get('num_key_value_heads', heads()),
      epsilon: get('rms_norm_eps', 1e-6),
      ropeTheta: get('rope_theta', 10_000),
    });
  }
  throw unknownFamily(family, path, Object.keys(families));
}

function reader(fields: Fields, path: string, keyOf: (key: string) => string) {
  return (key: string, fallback?: number): number => {
    const value = fields[keyOf(key)] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
      throw new ColeError('ERR_MODEL', `expected a positive number for ${keyOf(key)} in ${path}, got ${String(value)}`);
    return value;
  };
}

/** `value` may be absent or one of `allowed`. */
function refuse(path: string, what: string, value: unknown, allowed: readonly unknown[]): void {
  if (value === undefined || value === null || allowed.includes(value)) return;
  const expected = allowed.length ? allowed.join(' or ') : 'none';
  throw new ColeError(
    'ERR_MODEL',
    `expected ${expected} for ${what} in ${path}, got ${JSON.stringify(value)}: not supported`,
  );
}

function unknownFamily(family: unknown, path: string, known: readonly string[]): ColeError {
  return new ColeError(
    'ERR_MODEL',
    `expected a model of family ${known.join(' or ')} in ${path}, got ${String(family)}`,
  );
}

function checked(path: string, config: ModelConfig): ModelConfig {
  const { hidden, heads, kvHeads, layers, vocabulary, positions, intermediate } = config;
  const whole = [hidden, heads, kvHeads, layers, vocabulary, positions, intermediate].every(Number.isSafeInteger);
  if (!whole || hidden % heads || (hidden / heads) % 2 || heads % kvHeads)
    throw new ColeError('ERR_MODEL', `expected sizes that divide in ${path}, got ${JSON.stringify(config)}`);
  // A limit of onnxruntime's attention with rotary positions.
  if (config.ropeTheta > 0 && (hidden / heads) % 16)
    throw new ColeError('ERR_MODEL', `expected heads of a multiple of 16 values in ${path}, got ${hidden / heads}`);
  return config;
}
