/**
 * Llama family: pre-norm blocks of RMSNorm, rotary positions, grouped-query attention and a SiLU-gated MLP. Reads both
 * llama.cpp's and Hugging Face's tensor names. The output projection to the vocabulary is not needed.
 */
import { ColeError } from '../../base/index.js';
import type { TensorSource } from '../formats/source.js';
import { Graph, none, type Value, type WeightTable } from '../onnx/graph.js';
import { elementTypes } from '../onnx/proto.js';
import { addRmsNorm, gatedSilu, linear, poolingOutputs, rmsNorm, StateSum, tokenEmbedding } from './blocks.js';
import { type Family, type ModelConfig, transposed, type WeightSpec } from './family.js';

interface Names {
  readonly embedding: string;
  readonly finalNorm: string;
  layer(index: number): Record<'attentionNorm' | 'q' | 'k' | 'v' | 'o' | 'mlpNorm' | 'gate' | 'up' | 'down', string>;
  /** Tensors of the family that embeddings do not need. */
  readonly unused: RegExp;
  /**
   * llama.cpp stores the rows of a query or key head as pairs (i, i + half) side by side, for its rotation of neighbours;
   * Hugging Face rotates halves, and so do we.
   */
  readonly pairedRows: boolean;
}

const ggufNames: Names = {
  embedding: 'token_embd.weight',
  finalNorm: 'output_norm.weight',
  layer: (i) => {
    const name = (part: string) => `blk.${i}.${part}.weight`;
    return {
      attentionNorm: name('attn_norm'),
      q: name('attn_q'),
      k: name('attn_k'),
      v: name('attn_v'),
      o: name('attn_output'),
      mlpNorm: name('ffn_norm'),
      gate: name('ffn_gate'),
      up: name('ffn_up'),
      down: name('ffn_down'),
    };
  },
  unused: /^output\.weight$/,
  pairedRows: true,
};

const huggingFaceNames: Names = {
  embedding: 'model.embed_tokens.weight',
  finalNorm: 'model.norm.weight',
  layer: (i) => {
    const name = (part: string) => `model.layers.${i}.${part}.weight`;
    return {
      attentionNorm: name('input_layernorm'),
      q: name('self_attn.q_proj'),
      k: name('self_attn.k_proj'),
      v: name('self_attn.v_proj'),
      o: name('self_attn.o_proj'),
      mlpNorm: name('post_attention_layernorm'),
      gate: name('mlp.gate_proj'),
      up: name('mlp.up_proj'),
      down: name('mlp.down_proj'),
    };
  },
  unused: /^lm_head\.weight$|\.rotary_emb\.inv_freq$/,
  pairedRows: false,
};

export const llama: Family = { weights, graph, sharesPrefixes: true };

function weights(config: ModelConfig, source: TensorSource): WeightSpec[] {
  const names = source.names.has(ggufNames.embedding) ? ggufNames : huggingFaceNames;
  const { hidden, heads, kvHeads, intermediate } = config;
  const headSize = hidden / heads;
  refuseUnknownTensors(config, source, names);
  const read = async (name: string, ...shape: number[]): Promise<Float32Array> => {
    if (String(source.shape(name)) !== String(shape))
      throw new ColeError('ERR_MODEL', `expected shape ${shape} for tensor ${name}, got ${source.shape(name)}`);
    return source.read(name);
  };
  const rotated = async (name: string, count: number) => {
    const rows = await read(name, count * headSize, hidden);
    return names.pairedRows ? unpaired(rows, count, headSize, hidden) : rows;
  };
  const vector = (name: string, from: string): WeightSpec => ({
    name,
    shape: [hidden],
    make: () => read(from, hidden),
  });
  const specs: WeightSpec[] = [
    {
      name: 'embedding',
      shape: [config.vocabulary, hidden],
      make: () => read(names.embedding, config.vocabulary, hidden),
    },
    vector('norm', names.finalNorm),
  ];
  for (const [part, wave] of [
    ['cos', Math.cos],
    ['sin', Math.sin],
  ] as const)
    specs.push({
      name: part,
      shape: [config.positions, headSize / 2],
      make: async () => rotary(config, headSize, wave),
    });
  for (let i = 0; i < config.layers; i++) {
    const layer = names.layer(i);
    specs.push(
      vector(`${i}.attention.norm`, layer.attentionNorm),
      {
        name: `${i}.attention.qkv`,
        shape: [hidden, (heads + 2 * kvHeads) * headSize],
        make: async () =>
          transposed(
            [
              await rotated(layer.q, heads),
              await rotated(layer.k, kvHeads),
              await read(layer.v, kvHeads * headSize, hidden),
            ],
            hidden,
          ),
      },
      {
        name: `${i}.attention.out`,
        shape: [hidden, hidden],
        make: async () => transposed([await read(layer.o, hidden, hidden)], hidden),
      },
      vector(`${i}.mlp.norm`, layer.mlpNorm),
      ...(['gate', 'up'] as const).map((part) => ({
        name: `${i}.mlp.${part}`,
        shape: [hidden, intermediate],
        make: async () => transposed([await read(layer[part], intermediate, hidden)], hidden),
      })),
      {
        name: `${i}.mlp.down`,
        shape: [intermediate, hidden],
        make: async () => transposed([await read(layer.down, hidden, intermediate)], intermediate),
      },
    );
  }
  return specs;
}

/** A tensor that we would leave out (a bias, an expert, a frequency factor) changes what the model computes. */
function refuseUnknownTensors(config: ModelConfig, source: TensorSource, names: Names): void {
  const known = new Set([names.embedding, names.finalNorm]);
  for (let i = 0; i < config.layers; i++) for (const name of Object.values(names.layer(i))) known.add(name);
  for (const name of source.names)
    if (!known.has(name) && !names.unused.test(name))
      throw new ColeError('ERR_MODEL', `expected only tensors of the Llama family, got ${name}`);
}

function unpaired(rows: Float32Array, heads: number, headSize: number, columns: number): Float32Array {
  const out = new Float32Array(rows.length);
  const half = headSize / 2;
  for (let head = 0; head < heads; head++)
    for (let r = 0; r < headSize; r++) {
      const from = (head * headSize + r) * columns;
      out.set(rows.subarray(from, from + columns), (head * headSize + (r % 2) * half + (r >> 1)) * columns);
    }
  return out;
}

/** Angles in float32 arithmetic, as the models were trained and as PyTorch computes them. */
function rotary(
  { positions, ropeTheta }: ModelConfig,
  headSize: number,
  wave: (angle: number) => number,
): Float32Array {
  const half = headSize / 2;
  const out = new Float32Array(positions * half);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(1 / Math.fround(ropeTheta ** ((2 * i) / headSize)));
    for (let t = 0; t < positions; t++) out[t * half + i] = wave(Math.fround(t * frequency));
  }
  return out;
}

/**
 * The blocks run on the N nodes of a prefix tree, [N, D]; only attention sees texts, [B, T, ...], gathered from the nodes
 * and scattered back to them. A node that several texts share has the same value in each of them, to the bit.
 */
function graph(config: ModelConfig, table: WeightTable): Graph {
  const { hidden, layers, epsilon } = config;
  const g = new Graph('llama', table);
  const inputs = {
    ids: g.input('node_ids', 'int64', ['nodes']),
    rows: g.input('rows', 'int64', ['batch', 'tokens']),
    positions: g.input('positions', 'int64', ['nodes']),
    ends: g.input('ends', 'int64', ['batch']),
    mask: g.input('mask', 'float32', ['batch', 1, 'tokens']),
  };
  const lengths = sequenceLengths(g, inputs.rows);
  const toTexts = (x: Value) => g.node('Gather', [x, inputs.rows]);
  const flat = g.integers([-1, hidden]);
  let state = tokenEmbedding(g, inputs.ids, 'embedding');
  const sum = new StateSum(g);
  sum.add(state);
  let norm = rmsNorm(g, state, '0.attention.norm', epsilon);
  for (let i = 0; i < layers; i++) {
    const mixed = attend(g, toTexts(linear(g, norm, `${i}.attention.qkv`)), lengths, config);
    const atNodes = g.node('Gather', [g.node('Reshape', [mixed, flat]), inputs.positions]);
    const middle = addRmsNorm(g, linear(g, atNodes, `${i}.attention.out`), state, `${i}.mlp.norm`, epsilon);
    const gated = gatedSilu(g, linear(g, middle.norm, `${i}.mlp.gate`), linear(g, middle.norm, `${i}.mlp.up`));
    const isLast = i === layers - 1;
    const next = isLast ? 'norm' : `${i + 1}.attention.norm`;
    const end = addRmsNorm(g, linear(g, gated, `${i}.mlp.down`), middle.sum, next, epsilon);
    state = end.sum;
    norm = end.norm;
    // The last hidden state is the one after the final norm.
    sum.add(isLast ? norm : state);
  }
  const layout = { toTexts, mask: inputs.mask, lastToken: (x: Value) => g.node('Gather', [x, inputs.ends]) };
  poolingOutputs(g, layout, norm, sum.mean(), hidden);
  return g;
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

/** Causal grouped-query attention with rotary positions over packed [q, k, v]: [B, T, (heads + 2 kvHeads) h] -> [B, T, D]. */
function attend(g: Graph, qkv: Value, lengths: { last: Value; total: Value }, { heads, kvHeads }: ModelConfig): Value {
  const inputs = [qkv, none, none, none, none, lengths.last, lengths.total, g.weight('cos'), g.weight('sin')];
  return g.node('GroupQueryAttention', inputs, {
    attributes: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, rotary_interleaved: 0 },
    domain: 'com.microsoft',
    outputs: 3,
  });
}
