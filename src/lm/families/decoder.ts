/**
 * The graph of decoders: pre-norm blocks of RMSNorm, grouped-query attention with rotary positions and a SiLU-gated MLP, or
 * several of which a router chooses. The output projection to the vocabulary is not needed.
 */
import { Graph, type Value, type WeightTable } from '../onnx/graph.js';
import { addRmsNorm, gatedMlp, rmsNorm, tokenEmbedding } from './blocks.js';
import type { DecoderParts } from './decoder-weights.js';
import { routedMlps } from './experts.js';
import { linear } from './linear.js';
import { headSizeOf, type ModelConfig } from './model.js';
import { type GraphOptions, PoolingOutputs } from './poolings.js';
import { groupInputs, TreeAttention } from './tree-attention.js';

/**
 * All runs on the N nodes of a prefix tree, [N, D]. A node that several texts share has the same value in each of them, to
 * the bit; texts, [B, T], are put together for their poolings.
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
    depths: g.input('depths', 'int64', ['nodes']),
    rows: g.input('rows', 'int64', ['batch', 'tokens']),
    groups: groupInputs(g),
    positions: g.input('positions', 'int64', ['nodes']),
    ends: g.input('ends', 'int64', ['batch']),
    mask: g.input('mask', 'float32', ['batch', 1, 'tokens']),
  };
  const attention = new TreeAttention(g, inputs, config);
  const toTexts = (x: Value) => g.node('Gather', [x, inputs.rows]);
  const layout = { toTexts, mask: inputs.mask, lastToken: (x: Value) => g.node('Gather', [x, inputs.ends]) };
  const poolings = new PoolingOutputs(g, layout, config, options);
  let state = tokenEmbedding(g, inputs.ids, 'embedding');
  poolings.add(state);
  let norm = rmsNorm(g, state, '0.attention.norm', epsilon);
  for (let i = 0; i < layers; i++) {
    const mixed = attention.attend(queriesKeysValues(g, norm, i, config, parts), i);
    const middle = addRmsNorm(g, linear(g, mixed, `${i}.attention.out`), state, `${i}.mlp.norm`, epsilon);
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
