/** Graph pieces that families share. Shapes: B texts of T tokens, D hidden size; rows are tokens or nodes of a prefix tree. */
import type { Graph, Value } from '../onnx/graph.js';
import { linear } from './linear.js';
import type { GraphOptions } from './poolings.js';

const ms = 'com.microsoft' as const;

/** ids [...] -> [..., D]. */
export function tokenEmbedding(g: Graph, ids: Value, table: string): Value {
  return g.node('Gather', [g.weight(table), ids]);
}

/** x + skip, and its root-mean-square norm: the sum is the next hidden state, the norm what the next block reads. */
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
  g.channels.set(outputs[0]!, scale);
  return { norm: outputs[0]!, sum: outputs[3]! };
}

/** Root-mean-square norm over the last axis. */
export function rmsNorm(g: Graph, x: Value, scale: string, epsilon: number): Value {
  const attributes = { epsilon: { float: epsilon }, axis: -1, stash_type: 1 };
  const norm = g.node('SimplifiedLayerNormalization', [x, g.weight(scale)], { attributes });
  g.channels.set(norm, scale);
  return norm;
}

/** Norm of mean and variance over the last axis; the shift may be absent. */
export function layerNorm(g: Graph, x: Value, norm: string, epsilon: number, hasShift = true): Value {
  const parameters = hasShift ? [g.weight(`${norm}.scale`), g.weight(`${norm}.shift`)] : [g.weight(`${norm}.scale`)];
  return g.node('LayerNormalization', [x, ...parameters], { attributes: { epsilon: { float: epsilon } } });
}

/**
 * Layer norm of x + bias + skip. Not SkipLayerNormalization, whose sums go value by value: it takes three times the time of
 * these additions and a norm.
 */
export function addLayerNorm(g: Graph, x: Value, skip: Value, norm: string, epsilon: number, bias?: string): Value {
  const biased = bias === undefined ? x : g.node('Add', [x, g.weight(bias)]);
  return layerNorm(g, g.node('Add', [biased, skip]), norm, epsilon);
}

/** silu(gate) * up. QuickGelu is x * sigmoid(alpha x). */
export function gatedSilu(g: Graph, gate: Value, up: Value): Value {
  const silu = g.node('QuickGelu', [gate], { attributes: { alpha: { float: 1 } }, domain: ms });
  return g.node('Mul', [silu, up]);
}

/** A SiLU-gated MLP without biases. */
export function gatedMlp(g: Graph, x: Value, name: string): Value {
  const gated = gatedSilu(g, linear(g, x, `${name}.gate`), linear(g, x, `${name}.up`));
  g.channels.set(gated, `${name}.up`);
  return linear(g, gated, `${name}.down`);
}

/** What the graph of an encoder takes: texts of one length, and which of their tokens means are over. */
export interface EncoderInputs {
  readonly ids: Value;
  readonly mask: Value;
  /** Tokens of a text, [1]. */
  readonly tokens: Value;
}

export function encoderInputs(g: Graph): EncoderInputs {
  const ids = g.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = g.input('mask', 'float32', ['batch', 1, 'tokens']);
  const tokens = g.node('Slice', [g.node('Shape', [ids]), g.integers([1]), g.integers([2])]);
  return { ids, mask, tokens };
}

/** For states [B, T, D]. */
export function encoderLayout(g: Graph, mask: Value, { uncountedEnd = 0 }: GraphOptions) {
  const last = -1 - uncountedEnd;
  return {
    mask,
    toTexts: (state: Value) => state,
    lastToken: (state: Value) =>
      g.node('Gather', [state, g.integers([last], 'int64', [])], { attributes: { axis: 1 } }),
  };
}

/**
 * Attention both ways with rotary positions over [q, k, v] side by side, [B, T, 3 D] -> [B, T, D]. `bias`, if any, is added
 * to the scores: [1, 1, T, T].
 */
export function rotaryAttention(
  g: Graph,
  qkv: Value,
  { heads, hidden }: { readonly heads: number; readonly hidden: number },
  tables: { readonly cos: Value; readonly sin: Value },
  bias?: Value,
): Value {
  const parts = g.nodeOutputs('Split', [qkv, g.integers([hidden, hidden, hidden])], {
    attributes: { axis: -1 },
    outputs: 3,
  });
  const rotate = (x: Value) =>
    g.node('RotaryEmbedding', [x, g.integers([0]), tables.cos, tables.sin], {
      attributes: { num_heads: heads, interleaved: 0 },
      domain: ms,
    });
  const inputs = [rotate(parts[0]!), rotate(parts[1]!), parts[2]!];
  if (bias !== undefined) inputs.push('', '', bias);
  return g.node('MultiHeadAttention', inputs, { attributes: { num_heads: heads }, domain: ms });
}
