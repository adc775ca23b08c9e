/**
 * Causal grouped-query attention over the nodes of a prefix tree. Queries, keys and values are made and turned by their
 * positions once per node; a node then asks once, in the row of one text that holds it, so a prefix that texts share costs
 * no attention twice. Queries come in segments: neighbouring nodes of one text.
 */
import type { Graph, Value } from '../onnx/graph.js';
import { headSizeOf, type ModelConfig } from './model.js';

const ms = 'com.microsoft' as const;
/** Added to the score of what a query does not see. */
const unseen = -1e9;

export interface TreeInputs {
  /** Position of each node in its texts, [N]. */
  readonly depths: Value;
  /** Nodes of each text, [B, T]. */
  readonly rows: Value;
  /** Text of each segment, [G]. */
  readonly segments: Value;
  /** Nodes of each segment, [G, S]. */
  readonly queries: Value;
  /** Where in the flat [G S] each node asks, [N]. */
  readonly positions: Value;
}

export class TreeAttention {
  readonly #keys: Value;
  readonly #depths: Value;
  readonly #biases = new Map<boolean, Value>();
  #shape: { byHead: Value; byGroup: Value } | undefined;

  constructor(
    private readonly g: Graph,
    private readonly inputs: TreeInputs,
    private readonly config: ModelConfig,
  ) {
    this.#keys = g.node('Gather', [inputs.rows, inputs.segments]);
    this.#depths = g.node('Unsqueeze', [inputs.depths, g.integers([1])]);
  }

  /** Packed [q, k, v], [N, (heads + 2 kvHeads) h] -> [N, heads h]. */
  attend(qkv: Value, layer: number): Value {
    const { g, inputs } = this;
    const { heads, kvHeads, windowed } = this.config;
    const size = headSizeOf(this.config);
    const [q, k, v] = g.nodeOutputs('Split', [qkv, g.integers([heads * size, kvHeads * size, kvHeads * size])], {
      attributes: { axis: -1 },
      outputs: 3,
    }) as [Value, Value, Value];
    const keys = this.#toHeads(this.#rotate(k, kvHeads), this.#keys, kvHeads);
    const values = this.#toHeads(v, this.#keys, kvHeads);
    // The heads of a group lie one below the other: one product with the keys that they share.
    const grouped = g.integers([0, kvHeads, -1, size]);
    const asking = g.node('Reshape', [this.#toHeads(this.#rotate(q, heads), inputs.queries, heads), grouped]);
    const product = g.node('FusedMatMul', [asking, keys], {
      attributes: { transB: 1, alpha: { float: 1 / Math.sqrt(size) } },
      domain: ms,
    });
    const shape = this.#scoresShape();
    const biased = g.node('Add', [
      g.node('Reshape', [product, shape.byHead]),
      this.#bias(windowed?.includes(layer) ?? false),
    ]);
    const weights = g.node('Softmax', [biased], { attributes: { axis: -1 } });
    const mixed = g.node('MatMul', [g.node('Reshape', [weights, shape.byGroup]), values]);
    const perQuery = g.node('Transpose', [g.node('Reshape', [mixed, g.integers([0, heads, -1, size])])], {
      attributes: { perm: [0, 2, 1, 3] },
    });
    return g.node('Gather', [g.node('Reshape', [perQuery, g.integers([-1, heads * size])]), inputs.positions]);
  }

  /** [N, count h], each head turned by the position of its node. */
  #rotate(x: Value, count: number): Value {
    const { g } = this;
    // Each node as a text of one token: a text of more tokens than the table has positions is refused.
    const one = g.integers([1]);
    const turned = g.node(
      'RotaryEmbedding',
      [g.node('Unsqueeze', [x, one]), this.#depths, g.weight('cos'), g.weight('sin')],
      { attributes: { num_heads: count, interleaved: 0 }, domain: ms },
    );
    return g.node('Squeeze', [turned, one]);
  }

  /** [N, count h] at nodes [G, P] -> [G, count, P, h]. */
  #toHeads(x: Value, nodes: Value, count: number): Value {
    const { g } = this;
    const split = g.node('Reshape', [g.node('Gather', [x, nodes]), g.integers([0, 0, count, headSizeOf(this.config)])]);
    return g.node('Transpose', [split], { attributes: { perm: [0, 2, 1, 3] } });
  }

  /** [G, heads, S, T], and the same with the heads of a group in one: [G, kvHeads, heads / kvHeads S, T]. */
  #scoresShape(): { byHead: Value; byGroup: Value } {
    const { g, inputs, config } = this;
    if (!this.#shape) {
      const segments = g.node('Shape', [inputs.segments]);
      const tokens = g.node('Slice', [g.node('Shape', [inputs.rows]), g.integers([1]), g.integers([2])]);
      const of = (heads: number) =>
        g.node('Concat', [segments, g.integers([heads]), g.integers([-1]), tokens], { attributes: { axis: 0 } });
      this.#shape = { byHead: of(config.heads), byGroup: of(config.kvHeads) };
    }
    return this.#shape;
  }

  /** 0 where a query sees a key: not behind it, and not before the window of its layer. [G, 1, S, T]. */
  #bias(isWindowed: boolean): Value {
    const known = this.#biases.get(isWindowed);
    if (known) return known;
    const { g, inputs } = this;
    const scalar = (value: number) => g.integers([value], 'int64', []);
    const tokens = g.node('Gather', [g.node('Shape', [inputs.rows]), scalar(1)]);
    const keys = g.node('Range', [scalar(0), tokens, scalar(1)]);
    const asking = g.node('Unsqueeze', [g.node('Gather', [inputs.depths, inputs.queries]), g.integers([1, 3])]);
    let sees = g.node('LessOrEqual', [keys, asking]);
    if (isWindowed) {
      const first = g.node('Sub', [asking, scalar(this.config.window!)]);
      sees = g.node('And', [sees, g.node('GreaterOrEqual', [keys, first])]);
    }
    const bias = g.node('Where', [sees, g.scalar(0), g.scalar(unseen)]);
    this.#biases.set(isWindowed, bias);
    return bias;
  }
}
