/** The families, and the reading of a model's description by the one it names. */
import { ColeError } from '../../base/index.js';
import { bert, roberta } from './bert.js';
import type { Family } from './family.js';
import { ConfigReader } from './fields.js';
import { llama, mistral, mixtral } from './llama.js';
import { headSizeOf, type ModelConfig } from './model.js';
import { modernbert } from './modernbert.js';
import { nomicBert } from './nomic-bert.js';
import { qwen2, qwen3, qwen3Moe } from './qwen.js';
import { ready } from './ready.js';

/** By the name in `model_type`. */
export const families: Readonly<Record<string, Family>> = {
  llama,
  mistral,
  mixtral,
  qwen2,
  qwen3,
  qwen3_moe: qwen3Moe,
  bert,
  roberta,
  modernbert,
  nomic_bert: nomicBert,
  onnx: ready,
};

/** Fields of other models that change what is computed, whatever the family, with the values that do not. */
const neutral: Readonly<Record<string, readonly unknown[]>> = {
  quantization_config: [],
  attn_logit_softcapping: [],
  final_logit_softcapping: [],
  logit_scale: [1],
  embedding_multiplier: [1],
  residual_multiplier: [1],
  attention_multiplier: [],
  query_pre_attn_scalar: [],
  clip_qkv: [],
  alibi: [false],
  no_rope_layers: [],
  parallel_attn: [false],
  use_parallel_residual: [false],
  attention_chunk_size: [],
  embedding_size: [],
};

/** Where llama.cpp has another name. */
const ggufNames = new Map<unknown, string>([
  ['qwen3moe', 'qwen3_moe'],
  ['nomic-bert', 'nomic_bert'],
]);

/** Longest text of a model with rotary positions: the tables of their angles are made up to here. */
const longest = 2 ** 17;

export function configOfGguf(metadata: Readonly<Record<string, unknown>>, path: string): ModelConfig {
  const name = metadata['general.architecture'];
  const family = familyOf(ggufNames.get(name) ?? name, 'gguf', path);
  return checked(path, family.gguf!(new ConfigReader(metadata, path, `${String(name)}.`)));
}

export function configOfHuggingFace(fields: Readonly<Record<string, unknown>>, path: string): ModelConfig {
  const config = new ConfigReader(fields, path);
  const family = familyOf(config.get('model_type'), 'huggingFace', path);
  for (const [field, values] of Object.entries(neutral)) config.only(field, ...values);
  return checked(path, family.huggingFace!(config));
}

function familyOf(name: unknown, format: 'gguf' | 'huggingFace', path: string): Family {
  const family = typeof name === 'string' && Object.hasOwn(families, name) ? families[name] : undefined;
  if (family?.[format]) return family;
  const known = Object.keys(families).filter((each) => families[each]![format]);
  throw new ColeError('ERR_MODEL', `expected a model of family ${list(known)} in ${path}, got ${String(name)}`);
}

function list(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function checked(path: string, config: ModelConfig): ModelConfig {
  const { hidden, heads, kvHeads, layers, vocabulary, positions, intermediate } = config;
  const size = headSizeOf(config);
  const sizes = [hidden, heads, kvHeads, layers, vocabulary, positions, intermediate, size, config.window ?? 0];
  if (!sizes.every((each) => Number.isSafeInteger(each) && each >= 0) || positions < 1 || size % 2 || heads % kvHeads)
    throw new ColeError('ERR_MODEL', `expected sizes that divide in ${path}, got ${JSON.stringify(config)}`);
  // A limit of onnxruntime's attention with rotary positions.
  if (config.ropeTheta > 0 && size % 16)
    throw new ColeError('ERR_MODEL', `expected heads of a multiple of 16 values in ${path}, got ${size}`);
  return config.ropeTheta > 0 && positions > longest ? { ...config, positions: longest } : config;
}
