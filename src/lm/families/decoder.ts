/**
 * The graph of decoders: pre-norm blocks of RMSNorm, grouped-query attention with rotary positions and a SiLU-gated MLP, or
 * several of which a router chooses. The output projection to the vocabulary is not needed.
 */
import { Graph, none, type Value, type WeightTable } from '../onnx/graph.js';
import { elementTypes } from '../onnx/proto.js';
import { addRmsNorm, gatedMlp, linear, rmsNorm, tokenEmbedding } from './blocks.js';
import type { DecoderParts } from './decoder-weights.js';
import { routedMlps } from './experts.js';
import { headSizeOf, type ModelConfig } from './model.js';
import { type GraphOptions, PoolingOutputs } from './poolings.js';

/**
 * The blocks run on the N nodes of a prefix tree, [N, D]; only attention sees texts, [B, T, ...], gathered from the nodes
 * and scattered back to them. A node that several texts share has the same value in each of them, to the bit.
 */
export function decoderGraph(
  config: ModelConfig,
  table: WeightTable,
  options: GraphOptions,
  parts: DecoderParts = {},
): Graph {
  const { layers, epsilon } = config;
  const g = new Graph(config.family, table);
  const inputs = {
    ids: g.input('node_ids', 'int64', ['nodes']),
    rows: g.input('rows', 'int64', ['batch', 'tokens']),
    positions: g.input('positions', 'int64', ['nodes']),
    ends: g.input('ends', 'int64', ['batch']),
    mask: g.input('mask', 'float32', ['batch', 1, 'tokens']),
  };
  const lengths = sequenceLengths(g, inputs.rows);
  const toTexts = (x: Value) => g.node('Gather', [x, inputs.rows]);
  const flat = g.integers([-1, config.heads * headSizeOf(config)]);
  const layout = { toTexts, mask: inputs.mask, lastToken: (x: Value) => g.node('Gather', [x, inputs.ends]) };
  const poolings = new PoolingOutputs(g, layout, config, options);
  let state = tokenEmbedding(g, inputs.ids, 'embedding');
  poolings.add(state);
  let norm = rmsNorm(g, state, '0.attention.norm', epsilon);
  for (let i = 0; i < layers; i++) {
    const mixed = attend(g, toTexts(queriesKeysValues(g, norm, i, config, parts)), lengths, config, i);
    const atNodes = g.node('Gather', [g.node('Reshape', [mixed, flat]), inputs.positions]);
    const middle = addRmsNorm(g, linear(g, atNodes, `${i}.attention.out`), state, `${i}.mlp.norm`, epsilon);
    const added = config.experts ? routedMlps(g, middle.norm, i, config.experts) : gatedMlp(g, middle.norm, `${i}.mlp`);
    const isLast = i === layers - 1;
    const next = isLast ? 'norm' : `${i + 1}.attention.norm`;
    const end = addRmsNorm(g, added, middle.sum, next, epsilon);
    state = end.sum;
    norm = end.norm;
    // The last hidden state is the one after the final norm.
    poolings.add(isLast ? norm : state);
  }
  return g;
}

/** [N, D] -> [N, (heads + 2 kvHeads) h]. */
function queriesKeysValues(g: Graph, x: Value, layer: number, config: ModelConfig, parts: DecoderParts): Value {
  const name = `${layer}.attention`;
  const qkv = linear(g, x, `${name}.qkv`, parts.qkvBias ? `${name}.qkv.bias` : undefined);
  if (!parts.headNorms) return qkv;
  const { heads, kvHeads, epsilon } = config;
  const headSize = headSizeOf(config);
  const sizes = [heads * headSize, kvHeads * headSize, kvHeads * headSize];
  const split = g.nodeOutputs('Split', [qkv, g.integers(sizes)], { attributes: { axis: -1 }, outputs: 3 });
  const normed = (['q', 'k'] as const).map((part, at) => {
    const perHead = g.node('Reshape', [split[at]!, g.integers([0, -1, headSize])]);
    return g.node('Reshape', [rmsNorm(g, perHead, `${name}.${part}.norm`, epsilon), g.integers([0, sizes[at]!])]);
  });
  return g.node('Concat', [...normed, split[2]!], { attributes: { axis: -1 } });
}

/**
 * What the fused attention wants to know: tokens before the last one, per text, and tokens in all. Padding counts as
 * tokens: it lies behind every token that matters, where a causal model does not look.
 */
function sequenceLengths(g: Graph, rows: Value): { last: Value; total: Value } {
  const shape = g.node('Shape', [rows]);
  const tokens = g.node('Gather', [shape, g.integers([1], 'int64', [])]);
  const total = g.node('Cast', [tokens], { attributes: { to: elementTypes.int32 } });
  const batch = g.node('Slice', [shape, g.integers([0]), g.integers([1])]);
  const last = g.node('Expand', [g.node('Sub', [total, g.integers([1], 'int32', [])]), batch]);
  return { last, total };
}

/**
 * Causal grouped-query attention with rotary positions over packed [q, k, v]: [B, T, (heads + 2 kvHeads) h] -> [B, T, heads
 * h].
 */
function attend(
  g: Graph,
  qkv: Value,
  lengths: { last: Value; total: Value },
  { heads, kvHeads, window, windowed }: ModelConfig,
  layer: number,
): Value {
  const inputs = [qkv, none, none, none, none, lengths.last, lengths.total, g.weight('cos'), g.weight('sin')];
  const attributes = { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, rotary_interleaved: 0 };
  return g.node('GroupQueryAttention', inputs, {
    attributes: windowed?.includes(layer) ? { ...attributes, local_window_size: window! + 1 } : attributes,
    domain: 'com.microsoft',
    outputs: 3,
  });
}
