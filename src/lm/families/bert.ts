/**
 * BERT family (MiniLM is a small one): learned positions, post-norm blocks, attention both ways, exact GELU. Texts are
 * single segments, so the first segment's embedding is added to the positions once, at conversion.
 */
import { ColeError } from '../../base/index.js';
import type { TensorSource } from '../formats/source.js';
import { Graph, none, type Value, type WeightTable } from '../onnx/graph.js';
import { linear, poolingOutputs, StateSum, tokenEmbedding } from './blocks.js';
import { type Family, type ModelConfig, transposed, type WeightSpec } from './family.js';

const ms = 'com.microsoft' as const;
export const bert: Family = { weights, graph, sharesPrefixes: false };

function weights(config: ModelConfig, source: TensorSource): WeightSpec[] {
  const { hidden, intermediate, positions, vocabulary } = config;
  // Sentence encoders store the bare model, pre-training checkpoints put it under `bert.`.
  const prefix = source.names.has('bert.embeddings.word_embeddings.weight') ? 'bert.' : '';
  const read = (name: string, ...shape: number[]): Promise<Float32Array> => {
    if (String(source.shape(prefix + name)) !== String(shape))
      throw new ColeError(
        'ERR_MODEL',
        `expected shape ${shape} for tensor ${name}, got ${source.shape(prefix + name)}`,
      );
    return source.read(prefix + name);
  };
  const vector = (name: string, from: string, size = hidden): WeightSpec => ({
    name,
    shape: [size],
    make: () => read(from, size),
  });
  const matrix = (name: string, from: string, rows: number, columns: number): WeightSpec => ({
    name,
    shape: [columns, rows],
    make: async () => transposed([await read(from, rows, columns)], columns),
  });
  refuseUnknownTensors(config, source, prefix);
  const specs: WeightSpec[] = [
    {
      name: 'embedding',
      shape: [vocabulary, hidden],
      make: () => read('embeddings.word_embeddings.weight', vocabulary, hidden),
    },
    {
      name: 'positions',
      shape: [positions, hidden],
      make: async () => {
        const table = await read('embeddings.position_embeddings.weight', positions, hidden);
        const segments = await read(
          'embeddings.token_type_embeddings.weight',
          source.shape(`${prefix}embeddings.token_type_embeddings.weight`)[0]!,
          hidden,
        );
        return table.map((value, i) => value + segments[i % hidden]!);
      },
    },
    vector('norm.scale', 'embeddings.LayerNorm.weight'),
    vector('norm.shift', 'embeddings.LayerNorm.bias'),
  ];
  for (let i = 0; i < config.layers; i++) {
    const from = `encoder.layer.${i}`;
    const three = ['query', 'key', 'value'].map((part) => `${from}.attention.self.${part}`);
    specs.push(
      {
        name: `${i}.qkv`,
        shape: [hidden, 3 * hidden],
        make: async () => {
          const parts = [];
          for (const part of three) parts.push(await read(`${part}.weight`, hidden, hidden));
          return transposed(parts, hidden);
        },
      },
      {
        name: `${i}.qkv.bias`,
        shape: [3 * hidden],
        make: async () => {
          const out = new Float32Array(3 * hidden);
          for (const [at, part] of three.entries()) out.set(await read(`${part}.bias`, hidden), at * hidden);
          return out;
        },
      },
      matrix(`${i}.out`, `${from}.attention.output.dense.weight`, hidden, hidden),
      vector(`${i}.out.bias`, `${from}.attention.output.dense.bias`),
      vector(`${i}.norm.scale`, `${from}.attention.output.LayerNorm.weight`),
      vector(`${i}.norm.shift`, `${from}.attention.output.LayerNorm.bias`),
      matrix(`${i}.up`, `${from}.intermediate.dense.weight`, intermediate, hidden),
      vector(`${i}.up.bias`, `${from}.intermediate.dense.bias`, intermediate),
      matrix(`${i}.down`, `${from}.output.dense.weight`, hidden, intermediate),
      vector(`${i}.down.bias`, `${from}.output.dense.bias`),
      vector(`${i}.mlp.norm.scale`, `${from}.output.LayerNorm.weight`),
      vector(`${i}.mlp.norm.shift`, `${from}.output.LayerNorm.bias`),
    );
  }
  return specs;
}

/** A tensor that we would leave out (a relative position, an adapter) changes what the model computes. */
function refuseUnknownTensors({ layers }: ModelConfig, source: TensorSource, prefix: string): void {
  const embeddings = /^embeddings\.((word|position|token_type)_embeddings\.weight|LayerNorm\.(weight|bias))$/;
  const layer =
    /^encoder\.layer\.(\d+)\.(attention\.self\.(query|key|value)|(attention\.output|intermediate|output)\.dense|(attention\.)?output\.LayerNorm)\.(weight|bias)$/;
  // Heads of pre-training, on top of the hidden states.
  const unused = /^(pooler|cls)\./;
  for (const full of source.names) {
    const name = full.startsWith(prefix) ? full.slice(prefix.length) : full;
    const index = layer.exec(name)?.[1];
    if (index === undefined ? !embeddings.test(name) && !unused.test(name) : Number(index) >= layers)
      throw new ColeError('ERR_MODEL', `expected only tensors of the BERT family, got ${full}`);
  }
}

function graph(config: ModelConfig, table: WeightTable): Graph {
  const { hidden, layers, heads } = config;
  const g = new Graph('bert', table);
  const ids = g.input('input_ids', 'int64', ['batch', 'tokens']);
  const shape = g.node('Shape', [ids]);
  const batch = g.node('Slice', [shape, g.integers([0]), g.integers([1])]);
  const tokens = g.node('Slice', [shape, g.integers([1]), g.integers([2])]);
  const positions = g.node('Slice', [g.weight('positions'), g.integers([0]), tokens, g.integers([0])]);
  const embedded = g.node('Add', [tokenEmbedding(g, ids, 'embedding'), positions]);
  const attributes = { epsilon: { float: config.epsilon } };
  let state = g.node('LayerNormalization', [embedded, g.weight('norm.scale'), g.weight('norm.shift')], { attributes });
  const sum = new StateSum(g);
  sum.add(state);
  /** Norm of x + bias + skip. */
  const addNorm = (x: Value, skip: Value, norm: string, bias: string) =>
    g.node(
      'SkipLayerNormalization',
      [x, skip, ...[`${norm}.scale`, `${norm}.shift`, bias].map((name) => g.weight(name))],
      {
        attributes,
        domain: ms,
      },
    );
  for (let i = 0; i < layers; i++) {
    const attention = g.node('Attention', [state, g.weight(`${i}.qkv`), g.weight(`${i}.qkv.bias`), none], {
      attributes: { num_heads: heads },
      domain: ms,
    });
    const middle = addNorm(linear(g, attention, `${i}.out`), state, `${i}.norm`, `${i}.out.bias`);
    const up = g.node('BiasGelu', [linear(g, middle, `${i}.up`), g.weight(`${i}.up.bias`)], { domain: ms });
    state = addNorm(linear(g, up, `${i}.down`), middle, `${i}.mlp.norm`, `${i}.down.bias`);
    sum.add(state);
  }
  const one = g.integers([1]);
  const mask = g.node('Expand', [g.scalar(1), g.node('Concat', [batch, one, tokens], { attributes: { axis: 0 } })]);
  const layout = {
    toTexts: (x: Value) => x,
    mask,
    lastToken: (x: Value) => g.node('Gather', [x, g.integers([-1], 'int64', [])], { attributes: { axis: 1 } }),
  };
  poolingOutputs(g, layout, state, sum.mean(), hidden);
  return g;
}
