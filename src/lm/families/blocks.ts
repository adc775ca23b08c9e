/** Graph pieces that all families share. Shapes: B texts of the same T tokens, D hidden size. */
import type { Graph, Value } from '../onnx/graph.js';

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
 * Sums hidden states 0 (embedding output) to L (after the final norm), in this order; kept as a running sum so that a
 * layer's state can be freed.
 */
export class StateSum {
  #sum: Value | undefined;
  #count = 0;

  constructor(private readonly g: Graph) {}

  add(state: Value): void {
    this.#sum = this.#sum === undefined ? state : this.g.node('Add', [this.#sum, state]);
    this.#count++;
  }

  mean(): Value {
    return this.g.node('Div', [this.#sum!, this.g.scalar(this.#count)]);
  }
}

/** How a family's graph lays out texts. */
export interface Layout {
  /** States as the blocks hold them to [B, T, D]. */
  toTexts(state: Value): Value;
  /** 1 for tokens, 0 for padding: [B, 1, T]. */
  readonly mask: Value;
  /** State of the last token of each text: [B, D]. */
  lastToken(state: Value): Value;
}

/** `last`: the last hidden state; `average`: the mean of all of them; both as the blocks hold them. */
export function poolingOutputs(g: Graph, layout: Layout, last: Value, average: Value, hidden: number): void {
  const one = g.integers([1]);
  const count = g.node('ReduceSum', [layout.mask, g.integers([2])], { attributes: { keepdims: 0 } });
  // A product with a row of ones, not ReduceMean: that one splits its sum by batch size and thread count, and a vector must
  // not depend on what shares its batch.
  const tokenMean = (texts: Value) =>
    g.node('Div', [g.node('Squeeze', [g.node('MatMul', [layout.mask, texts]), one]), count]);
  const texts = layout.toTexts(last);
  const shape = ['batch', hidden];
  g.output('last_hidden_state', texts, 'float32', ['batch', 'tokens', hidden]);
  g.output('mean', tokenMean(texts), 'float32', shape);
  g.output('last_token', layout.lastToken(last), 'float32', shape);
  g.output('avg_avg', tokenMean(layout.toTexts(average)), 'float32', shape);
}
