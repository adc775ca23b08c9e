/** Graph pieces that all families share. Shapes: B texts of the same T tokens, D hidden size. */
import type { Graph, Value } from '../onnx/graph.js';
import { elementTypes } from '../onnx/proto.js';

const ms = 'com.microsoft' as const;

export function linear(g: Graph, x: Value, weight: string): Value {
  return g.node('MatMul', [x, g.weight(weight)]);
}

/** ids [B, T] -> [B, T, D]. */
export function tokenEmbedding(g: Graph, ids: Value, table: string): Value {
  return g.node('Gather', [g.weight(table), ids]);
}

/**
 * x + skip, and its root-mean-square norm: the sum is the next hidden state, the norm what the next block reads.
 */
export function addRmsNorm(
  g: Graph,
  x: Value,
  skip: Value,
  scale: string,
  epsilon: number,
): { norm: Value; sum: Value } {
  const outputs = g.nodeOutputs('SkipSimplifiedLayerNormalization', [x, skip, g.weight(scale)], {
    attributes: { epsilon: { float: epsilon } },
    domain: ms,
    outputs: 4,
  });
  return { norm: outputs[0]!, sum: outputs[3]! };
}

export function rmsNorm(g: Graph, x: Value, scale: string, epsilon: number): Value {
  const attributes = { epsilon: { float: epsilon }, axis: -1, stash_type: 1 };
  return g.node('SimplifiedLayerNormalization', [x, g.weight(scale)], { attributes });
}

/** silu(gate) * up. QuickGelu is x * sigmoid(alpha x). */
export function gatedSilu(g: Graph, gate: Value, up: Value): Value {
  const silu = g.node('QuickGelu', [gate], { attributes: { alpha: { float: 1 } }, domain: ms });
  return g.node('Mul', [silu, up]);
}

/**
 * Means over tokens, [B, T, D] -> [B, D]. A product with a row of ones, not ReduceMean: that one splits its sum by batch
 * size and thread count, and a vector must not depend on what shares its batch.
 */
export function tokenMeans(g: Graph, ids: Value, states: readonly Value[]): Value[] {
  const tokens = g.node('Slice', [g.node('Shape', [ids]), g.integers([1]), g.integers([2])]);
  const count = g.node('Cast', [tokens], { attributes: { to: elementTypes.float32 } });
  const one = g.integers([1]);
  const ones = g.node('Expand', [g.scalar(1), g.node('Concat', [one, tokens], { attributes: { axis: 0 } })]);
  return states.map((state) => {
    const sum = g.node('Squeeze', [g.node('MatMul', [ones, state]), one]);
    return g.node('Div', [sum, count]);
  });
}

/** `states`: hidden states 0 (embedding output) to L (after the final norm). */
export function poolingOutputs(g: Graph, ids: Value, states: readonly Value[], hidden: number): void {
  const last = states.at(-1)!;
  const means = tokenMeans(g, ids, states);
  const average = g.node('Div', [g.node('Sum', means), g.scalar(states.length)]);
  const shape = ['batch', hidden];
  g.output('last_hidden_state', last, 'float32', ['batch', 'tokens', hidden]);
  g.output('mean', means.at(-1)!, 'float32', shape);
  g.output(
    'last_token',
    g.node('Gather', [last, g.integers([-1], 'int64', [])], { attributes: { axis: 1 } }),
    'float32',
    shape,
  );
  g.output('avg_avg', average, 'float32', shape);
}
