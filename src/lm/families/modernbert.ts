/**
 * ModernBERT: pre-norm blocks without biases, rotary positions, GELU-gated MLPs; most layers see only their neighbourhood,
 * and have a rotary base of their own.
 */
import type { TensorSource } from '../formats/source.js';
import { Graph, type Value, type WeightTable } from '../onnx/graph.js';
import { encoderInputs, encoderLayout, layerNorm, rotaryAttention, tokenEmbedding } from './blocks.js';
import type { Family } from './family.js';
import type { ConfigReader } from './fields.js';
import { linear } from './linear.js';
import type { ModelConfig } from './model.js';
import { type GraphOptions, PoolingOutputs } from './poolings.js';
import { addRotary, ropeOf } from './rope.js';
import { WeightList, type WeightSpec } from './weights.js';

const ms = 'com.microsoft' as const;
export const modernbert: Family = { sharesPrefixes: false, huggingFace, weights, graph };

function huggingFace(config: ConfigReader): ModelConfig {
  config.only('hidden_activation', 'gelu');
  for (const bias of ['norm_bias', 'attention_bias', 'mlp_bias']) config.only(bias, false);
  const heads = config.number('num_attention_heads');
  const layers = config.layers('num_hidden_layers');
  const types = config.get('layer_types');
  const every = config.number('global_attn_every_n_layers', 3);
  const windowed = Array.from({ length: layers }, (_, layer) => layer).filter((layer) =>
    Array.isArray(types) ? types[layer] === 'sliding_attention' : layer % every !== 0,
  );
  return {
    family: 'modernbert',
    layers,
    hidden: config.number('hidden_size'),
    heads,
    kvHeads: heads,
    intermediate: config.number('intermediate_size'),
    epsilon: config.number('norm_eps', 1e-5),
    vocabulary: config.number('vocab_size'),
    positions: config.number('max_position_embeddings'),
    ropeTheta: thetaOf(config, 'full_attention', 'global_rope_theta', 160_000),
    localRopeTheta: thetaOf(config, 'sliding_attention', 'local_rope_theta', 10_000),
    window: Math.floor(config.number('local_attention', 128) / 2),
    windowed,
  };
}

function thetaOf(config: ConfigReader, type: string, field: string, fallback: number): number {
  const rope = config.object('rope_parameters')?.object(type);
  if (!rope) return config.number(field, fallback);
  const { ropeTheta, ropeScaling } = ropeOf(rope, fallback);
  rope.only('rope_type', 'default');
  if (ropeScaling) throw config.error('expected no rope scaling', ropeScaling);
  return ropeTheta;
}

function weights(config: ModelConfig, source: TensorSource): WeightSpec[] {
  const { hidden, intermediate, vocabulary } = config;
  const list = new WeightList(source, config.family);
  const prefix = list.has('model.embeddings.tok_embeddings.weight') ? 'model.' : '';
  list.tensor('embedding', `${prefix}embeddings.tok_embeddings.weight`, vocabulary, hidden);
  list.tensor('embedding.norm.scale', `${prefix}embeddings.norm.weight`, hidden);
  addRotary(list, config, 'global.');
  addRotary(list, config, 'local.', config.localRopeTheta);
  for (let i = 0; i < config.layers; i++) {
    const from = (part: string) => `${prefix}layers.${i}.${part}.weight`;
    // The first block reads the embedding's norm as it is.
    if (i > 0) list.tensor(`${i}.attention.norm.scale`, from('attn_norm'), hidden);
    list.matrix(`${i}.qkv`, hidden, { from: from('attn.Wqkv'), rows: 3 * hidden });
    list.matrix(`${i}.out`, hidden, { from: from('attn.Wo'), rows: hidden });
    list.tensor(`${i}.mlp.norm.scale`, from('mlp_norm'), hidden);
    list.matrix(`${i}.up`, hidden, { from: from('mlp.Wi'), rows: 2 * intermediate });
    list.matrix(`${i}.down`, intermediate, { from: from('mlp.Wo'), rows: hidden });
  }
  list.tensor('norm.scale', `${prefix}final_norm.weight`, hidden);
  return list.finish(/^(head|decoder|classifier)\./);
}

function graph(config: ModelConfig, table: WeightTable, options: GraphOptions): Graph {
  const { layers, intermediate, epsilon, window, windowed } = config;
  const g = new Graph(config.family, table);
  const { ids, mask, tokens } = encoderInputs(g);
  const poolings = new PoolingOutputs(g, encoderLayout(g, mask, options), config, options);
  const norm = (x: Value, name: string) => layerNorm(g, x, name, epsilon, false);
  const tables = (of: string) => ({ cos: g.weight(`${of}.cos`), sin: g.weight(`${of}.sin`) });
  const distant = distanceBias(g, tokens, window!);
  let state = norm(tokenEmbedding(g, ids, 'embedding'), 'embedding.norm');
  poolings.add(state);
  for (let i = 0; i < layers; i++) {
    const isLocal = windowed!.includes(i);
    const read = i === 0 ? state : norm(state, `${i}.attention.norm`);
    const qkv = linear(g, read, `${i}.qkv`);
    const mixed = rotaryAttention(g, qkv, config, tables(isLocal ? 'local' : 'global'), isLocal ? distant : undefined);
    const middle = g.node('Add', [state, linear(g, mixed, `${i}.out`)]);
    const [up, gate] = g.nodeOutputs(
      'Split',
      [linear(g, norm(middle, `${i}.mlp.norm`), `${i}.up`), g.integers([intermediate, intermediate])],
      { attributes: { axis: -1 }, outputs: 2 },
    );
    const gated = g.node('Mul', [g.node('Gelu', [up!], { domain: ms }), gate!]);
    state = g.node('Add', [middle, linear(g, gated, `${i}.down`)]);
    // The last hidden state is the one after the final norm.
    poolings.add(i === layers - 1 ? norm(state, 'norm') : state);
  }
  return g;
}

/** 0 where two tokens are at most `window` apart, else a number that no score outweighs: [1, 1, T, T]. */
function distanceBias(g: Graph, tokens: Value, window: number): Value {
  const zero = g.integers([0], 'int64', []);
  const count = g.node('Squeeze', [tokens]);
  const range = g.node('Range', [zero, count, g.integers([1], 'int64', [])]);
  const column = g.node('Unsqueeze', [range, g.integers([1])]);
  const distance = g.node('Abs', [g.node('Sub', [column, range])]);
  const isFar = g.node('Greater', [distance, g.integers([window], 'int64', [])]);
  const bias = g.node('Where', [isFar, g.scalar(-1e30), g.scalar(0)]);
  return g.node('Unsqueeze', [bias, g.integers([0, 1])]);
}
