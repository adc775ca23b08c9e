/**
 * NomicBERT (nomic-embed-text, CodeRankEmbed): BERT's post-norm blocks with rotary positions and SiLU-gated MLPs, no biases
 * of linear layers. Both the original files' names, which GPT-2 lends its own, and those of transformers 5 are read.
 */
import type { TensorSource } from '../formats/source.js';
import { Graph, type WeightTable } from '../onnx/graph.js';
import {
  addLayerNorm,
  encoderInputs,
  encoderLayout,
  gatedMlp,
  layerNorm,
  rotaryAttention,
  tokenEmbedding,
} from './blocks.js';
import type { Family } from './family.js';
import { type ConfigReader, ggufSizes } from './fields.js';
import { linear } from './linear.js';
import type { ModelConfig } from './model.js';
import { type GraphOptions, PoolingOutputs } from './poolings.js';
import { addRotary, ropeOf } from './rope.js';
import { WeightList, type WeightSpec } from './weights.js';

export const nomicBert: Family = { sharesPrefixes: false, huggingFace, gguf, weights, graph };

function huggingFace(config: ConfigReader): ModelConfig {
  return config.get('n_embd') === undefined ? ofTransformers(config) : ofOriginal(config);
}

function ofTransformers(config: ConfigReader): ModelConfig {
  config.only('hidden_act', 'silu');
  const { ropeTheta, ropeScaling } = ropeOf(config, 1000);
  if (ropeScaling) throw config.error('expected no rope scaling', ropeScaling);
  const heads = config.number('num_attention_heads');
  const hidden = config.number('hidden_size');
  config.only('head_dim', hidden / heads);
  return {
    family: 'nomic_bert',
    layers: config.layers('num_hidden_layers'),
    hidden,
    heads,
    kvHeads: heads,
    intermediate: config.number('intermediate_size'),
    epsilon: config.number('layer_norm_eps', 1e-12),
    vocabulary: config.number('vocab_size'),
    positions: config.number('max_position_embeddings'),
    ropeTheta,
  };
}

function ofOriginal(config: ConfigReader): ModelConfig {
  config.must('activation_function', 'swiglu');
  config.must('rotary_emb_fraction', 1);
  for (const field of ['qkv_proj_bias', 'mlp_fc1_bias', 'mlp_fc2_bias', 'prenorm', 'use_rms_norm'])
    config.must(field, false);
  for (const field of ['causal', 'parallel_block', 'rotary_emb_interleaved', 'scale_attn_by_inverse_layer_idx'])
    config.only(field, false);
  config.only('rotary_scaling_factor');
  config.only('rotary_emb_scale_base');
  const heads = config.number('n_head');
  return {
    family: 'nomic_bert',
    layers: config.layers('n_layer'),
    hidden: config.number('n_embd'),
    heads,
    kvHeads: heads,
    intermediate: config.number('n_inner'),
    epsilon: config.number('layer_norm_epsilon', 1e-12),
    vocabulary: config.number('vocab_size'),
    positions: config.number('n_positions'),
    ropeTheta: config.number('rotary_emb_base', 10_000),
  };
}

function gguf(metadata: ConfigReader): ModelConfig {
  metadata.only('attention.causal', false);
  metadata.only('rope.scaling.type', 'none');
  metadata.only('moe_every_n_layers', 0);
  const sizes = ggufSizes(metadata);
  return {
    family: 'nomic_bert',
    ...sizes,
    kvHeads: sizes.heads,
    epsilon: metadata.number('attention.layer_norm_epsilon'),
    ropeTheta: metadata.number('rope.freq_base', 10_000),
  };
}

interface Names {
  readonly word: string;
  readonly segments: string;
  readonly norm: string;
  layer(index: number): string;
  /** Of queries, keys and values, together or each alone. */
  readonly qkv: readonly string[];
  readonly parts: Record<'out' | 'norm' | 'up' | 'gate' | 'down' | 'last', string>;
}

const originalNames: Names = {
  word: 'embeddings.word_embeddings',
  segments: 'embeddings.token_type_embeddings',
  norm: 'emb_ln',
  layer: (i) => `encoder.layers.${i}`,
  qkv: ['attn.Wqkv'],
  parts: { out: 'attn.out_proj', norm: 'norm1', up: 'mlp.fc11', gate: 'mlp.fc12', down: 'mlp.fc2', last: 'norm2' },
};
const ggufNames: Names = {
  word: 'token_embd',
  segments: 'token_types',
  norm: 'token_embd_norm',
  layer: (i) => `blk.${i}`,
  qkv: ['attn_qkv'],
  parts: {
    out: 'attn_output',
    norm: 'attn_output_norm',
    up: 'ffn_up',
    gate: 'ffn_gate',
    down: 'ffn_down',
    last: 'layer_output_norm',
  },
};
const transformersNames = (prefix: string): Names => ({
  word: `${prefix}embeddings.word_embeddings`,
  segments: `${prefix}embeddings.token_type_embeddings`,
  norm: `${prefix}embeddings.LayerNorm`,
  layer: (i) => `${prefix}layers.${i}`,
  qkv: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  parts: {
    out: 'self_attn.o_proj',
    norm: 'post_attention_layernorm',
    up: 'mlp.up_proj',
    gate: 'mlp.gate_proj',
    down: 'mlp.down_proj',
    last: 'post_mlp_layernorm',
  },
});

function namesIn(list: WeightList): Names {
  if (list.has('token_embd.weight')) return ggufNames;
  if (list.has('emb_ln.weight')) return originalNames;
  return transformersNames(list.has('nomic_bert.embeddings.word_embeddings.weight') ? 'nomic_bert.' : '');
}

function weights(config: ModelConfig, source: TensorSource): WeightSpec[] {
  const { hidden, intermediate, vocabulary } = config;
  const list = new WeightList(source, config.family);
  const names = namesIn(list);
  const table = list.reader(`${names.word}.weight`, vocabulary, hidden);
  const segmentsName = `${names.segments}.weight`;
  const segments = list.reader(segmentsName, list.shape(segmentsName)[0]!, hidden);
  list.computed('embedding', [vocabulary, hidden], async () => {
    const first = (await segments()).subarray(0, hidden);
    return (await table()).map((value, i) => value + first[i % hidden]!);
  });
  const addNorm = (name: string, from: string) => {
    list.tensor(`${name}.scale`, `${from}.weight`, hidden);
    list.tensor(`${name}.shift`, `${from}.bias`, hidden);
  };
  addNorm('norm', names.norm);
  addRotary(list, config);
  const { parts, qkv } = names;
  for (let i = 0; i < config.layers; i++) {
    const from = (part: string) => `${names.layer(i)}.${part}`;
    const rows = (part: string, count: number) => ({ from: `${from(part)}.weight`, rows: count });
    list.matrix(`${i}.qkv`, hidden, ...qkv.map((part) => rows(part, (3 * hidden) / qkv.length)));
    list.matrix(`${i}.out`, hidden, rows(parts.out, hidden));
    addNorm(`${i}.norm`, from(parts.norm));
    list.matrix(`${i}.mlp.gate`, hidden, rows(parts.gate, intermediate));
    list.matrix(`${i}.mlp.up`, hidden, rows(parts.up, intermediate));
    list.matrix(`${i}.mlp.down`, intermediate, rows(parts.down, hidden));
    addNorm(`${i}.mlp.norm`, from(parts.last));
  }
  return list.finish(/^(pooler|cls)\./);
}

function graph(config: ModelConfig, table: WeightTable, options: GraphOptions): Graph {
  const { layers, epsilon } = config;
  const g = new Graph(config.family, table);
  const { ids, mask } = encoderInputs(g);
  const poolings = new PoolingOutputs(g, encoderLayout(g, mask, options), config, options);
  const tables = { cos: g.weight('cos'), sin: g.weight('sin') };
  let state = layerNorm(g, tokenEmbedding(g, ids, 'embedding'), 'norm', epsilon);
  poolings.add(state);
  for (let i = 0; i < layers; i++) {
    const mixed = rotaryAttention(g, linear(g, state, `${i}.qkv`), config, tables);
    const middle = addLayerNorm(g, linear(g, mixed, `${i}.out`), state, `${i}.norm`, epsilon);
    state = addLayerNorm(g, gatedMlp(g, middle, `${i}.mlp`), middle, `${i}.mlp.norm`, epsilon);
    poolings.add(state);
  }
  return g;
}
