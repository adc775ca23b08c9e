/**
 * BERT (MiniLM is a small one) and RoBERTa (CodeBERT is one): learned positions, post-norm blocks, attention both ways,
 * exact GELU. Texts are single segments, so the first segment's embedding is added to the positions once, at conversion.
 */
import type { TensorSource } from '../formats/source.js';
import { Graph, type Value, type WeightTable } from '../onnx/graph.js';
import { addLayerNorm, encoderInputs, encoderLayout, layerNorm, tokenEmbedding } from './blocks.js';
import type { Family } from './family.js';
import { type ConfigReader, ggufSizes } from './fields.js';
import { linear } from './linear.js';
import type { ModelConfig } from './model.js';
import { type GraphOptions, PoolingOutputs } from './poolings.js';
import { WeightList, type WeightSpec } from './weights.js';

const ms = 'com.microsoft' as const;
const robertaSkips = 2;

/** `firstPosition`: RoBERTa's positions begin behind its padding index. */
function postNormEncoder(family: string, firstPosition: (config: ConfigReader) => number): Family {
  return {
    sharesPrefixes: false,
    huggingFace: (config) => {
      config.only('hidden_act', 'gelu');
      config.only('position_embedding_type', 'absolute');
      config.only('is_decoder', false);
      config.only('add_cross_attention', false);
      const heads = config.number('num_attention_heads');
      return {
        family,
        layers: config.layers('num_hidden_layers'),
        hidden: config.number('hidden_size'),
        heads,
        kvHeads: heads,
        intermediate: config.number('intermediate_size'),
        epsilon: config.number('layer_norm_eps', 1e-12),
        vocabulary: config.number('vocab_size'),
        positions: config.number('max_position_embeddings') - firstPosition(config),
        ropeTheta: 0,
      };
    },
    gguf: (metadata) => {
      metadata.only('attention.causal', false);
      const sizes = ggufSizes(metadata);
      return {
        family,
        ...sizes,
        kvHeads: sizes.heads,
        epsilon: metadata.number('attention.layer_norm_epsilon'),
        ropeTheta: 0,
      };
    },
    weights,
    graph,
  };
}

export const bert = postNormEncoder('bert', () => 0);
export const roberta = postNormEncoder('roberta', (config) => {
  config.only('pad_token_id', 1);
  return robertaSkips;
});

interface Names {
  readonly word: string;
  readonly positions: string;
  readonly segments: string;
  readonly norm: string;
  layer(index: number): Record<'q' | 'k' | 'v' | 'out' | 'norm' | 'up' | 'down' | 'last', string>;
  readonly unused: RegExp;
}

const ggufNames: Names = {
  word: 'token_embd',
  positions: 'position_embd',
  segments: 'token_types',
  norm: 'token_embd_norm',
  layer: (i) => {
    const name = (part: string) => `blk.${i}.${part}`;
    return {
      q: name('attn_q'),
      k: name('attn_k'),
      v: name('attn_v'),
      out: name('attn_output'),
      norm: name('attn_output_norm'),
      up: name('ffn_up'),
      down: name('ffn_down'),
      last: name('layer_output_norm'),
    };
  },
  unused: /^(cls|pooler)/,
};
/** Sentence encoders store the bare model, pre-training checkpoints put it under the family's name. */
const huggingFaceNames = (prefix: string): Names => ({
  word: `${prefix}embeddings.word_embeddings`,
  positions: `${prefix}embeddings.position_embeddings`,
  segments: `${prefix}embeddings.token_type_embeddings`,
  norm: `${prefix}embeddings.LayerNorm`,
  layer: (i) => {
    const name = (part: string) => `${prefix}encoder.layer.${i}.${part}`;
    return {
      q: name('attention.self.query'),
      k: name('attention.self.key'),
      v: name('attention.self.value'),
      out: name('attention.output.dense'),
      norm: name('attention.output.LayerNorm'),
      up: name('intermediate.dense'),
      down: name('output.dense'),
      last: name('output.LayerNorm'),
    };
  },
  // Heads of pre-training, on top of the hidden states.
  unused: new RegExp(`^(${prefix.replace('.', '\\.')})?(pooler|cls|lm_head)\\.`),
});

function weights(config: ModelConfig, source: TensorSource): WeightSpec[] {
  const { family, hidden, intermediate, positions, vocabulary } = config;
  const list = new WeightList(source, family);
  const isGguf = list.has('token_embd.weight');
  const prefix = list.has(`${family}.embeddings.word_embeddings.weight`) ? `${family}.` : '';
  const names = isGguf ? ggufNames : huggingFaceNames(prefix);
  list.tensor('embedding', `${names.word}.weight`, vocabulary, hidden);
  // llama.cpp leaves out the positions that RoBERTa does not use.
  const skipped = family === 'roberta' && !isGguf ? robertaSkips : 0;
  const table = list.reader(`${names.positions}.weight`, positions + skipped, hidden);
  const segmentsName = `${names.segments}.weight`;
  const segments = list.reader(segmentsName, list.shape(segmentsName)[0]!, hidden);
  list.computed('positions', [positions, hidden], async () => {
    const first = (await segments()).subarray(0, hidden);
    return (await table()).subarray(skipped * hidden).map((value, i) => value + first[i % hidden]!);
  });
  const addNorm = (name: string, from: string) => {
    // The oldest files have the letters of the paper.
    const isOld = list.has(`${from}.gamma`);
    list.tensor(`${name}.scale`, `${from}.${isOld ? 'gamma' : 'weight'}`, hidden);
    list.tensor(`${name}.shift`, `${from}.${isOld ? 'beta' : 'bias'}`, hidden);
  };
  addNorm('norm', names.norm);
  for (let i = 0; i < config.layers; i++) {
    const { q, k, v, out, norm, up, down, last } = names.layer(i);
    const add = (name: string, columns: number, rows: number, ...parts: readonly string[]) => {
      list.matrix(`${i}.${name}`, columns, ...parts.map((part) => ({ from: `${part}.weight`, rows })));
      list.vector(`${i}.${name}.bias`, ...parts.map((part) => ({ from: `${part}.bias`, rows })));
    };
    add('qkv', hidden, hidden, q, k, v);
    add('out', hidden, hidden, out);
    addNorm(`${i}.norm`, norm);
    add('up', hidden, intermediate, up);
    add('down', intermediate, hidden, down);
    addNorm(`${i}.mlp.norm`, last);
  }
  return list.finish(names.unused);
}

function graph(config: ModelConfig, table: WeightTable, options: GraphOptions): Graph {
  const { layers, epsilon } = config;
  const g = new Graph(config.family, table);
  const { ids, mask, tokens } = encoderInputs(g);
  const poolings = new PoolingOutputs(g, encoderLayout(g, mask, options), config, options);
  const positions = g.node('Slice', [g.weight('positions'), g.integers([0]), tokens, g.integers([0])]);
  let state = layerNorm(g, g.node('Add', [tokenEmbedding(g, ids, 'embedding'), positions]), 'norm', epsilon);
  poolings.add(state);
  for (let i = 0; i < layers; i++) {
    const attention = attentionOf(g, state, `${i}.qkv`, config);
    const middle = addLayerNorm(g, linear(g, attention, `${i}.out`), state, `${i}.norm`, epsilon, `${i}.out.bias`);
    const up = g.node('BiasGelu', [linear(g, middle, `${i}.up`), g.weight(`${i}.up.bias`)], { domain: ms });
    state = addLayerNorm(g, linear(g, up, `${i}.down`), middle, `${i}.mlp.norm`, epsilon, `${i}.down.bias`);
    poolings.add(state);
  }
  return g;
}

/** [B, T, D] -> [B, T, D]. */
function attentionOf(g: Graph, state: Value, qkv: string, { heads, hidden }: ModelConfig): Value {
  const parts = g.nodeOutputs('Split', [linear(g, state, qkv, `${qkv}.bias`), g.integers([hidden, hidden, hidden])], {
    attributes: { axis: -1 },
    outputs: 3,
  });
  return g.node('MultiHeadAttention', parts, { attributes: { num_heads: heads }, domain: ms });
}
