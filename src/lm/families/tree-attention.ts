/**
 * Causal grouped-query attention over the nodes of a prefix tree. Queries, keys and values are made and turned by their
 * positions once per node; a node then asks once, in the row of one text that holds it, so a prefix that texts share costs
 * no attention twice. Queries come in segments: neighbouring nodes of one text. Segments come in groups by how many keys
 * they see, so that early nodes are not multiplied with keys that come later, nor short texts with the padding of long ones.
 */
import type { Graph, Value } from '../onnx/graph.js';
import { headSizeOf, type ModelConfig } from './model.js';

const ms = 'com.microsoft' as const;
/** Added to the score of what a query does not see. */
const unseen = -1e9;

/** Groups of segments. Four that see evenly spread numbers of keys compute 5 of 8 products that one group would. */
export const segmentGroups = 4;

export interface TreeInputs {
  /** Position of each node in its texts, [N]. */
  readonly depths: Value;
  readonly groups: readonly GroupInputs[];
  /** Where in the segments of all groups, one after the other, each node asks: [N]. */
  readonly positions: Value;
}

export interface GroupInputs {
  /** Nodes that each segment sees, in the order of their positions: [G, T]. */
  readonly keys: Value;
  /** Nodes of each segment, [G, S]. */
  readonly queries: Value;
}

export function groupInputs(g: Graph): GroupInputs[] {
  return Array.from({ length: segmentGroups }, (_, i) => ({
    keys: g.input(`keys_${i}`, 'int64', [`segments_${i}`, `tokens_${i}`]),
    queries: g.input(`queries_${i}`, 'int64', [`segments_${i}`, 'asking']),
  }));
}

export class TreeAttention {
  readonly #depths: Value;
  readonly #biases = new Map<string, Value>();

  constructor(
    private readonly g: Graph,
    private readonly inputs: TreeInputs,
    private readonly config: ModelConfig,
  ) {
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
    const queries = this.#rotate(q, heads);
    const keys = this.#byHead(this.#rotate(k, kvHeads));
    const values = this.#byHead(v);
    const isWindowed = windowed?.includes(layer) ?? false;
    const mixed = inputs.groups.map((group) => this.#answers(group, queries, keys, values, isWindowed));
    return g.node('Gather', [g.node('Concat', mixed, { attributes: { axis: 0 } }), inputs.positions]);
  }

  /** Of one group: queries [N, heads h], keys and values [kvHeads, N, h] -> [G S, heads h]. */
  #answers(group: GroupInputs, queries: Value, keys: Value, values: Value, isWindowed: boolean): Value {
    const { g } = this;
    const { heads, kvHeads } = this.config;
    const size = headSizeOf(this.config);
    const perKv = heads / kvHeads;
    const at = (x: Value) => g.node('Gather', [x, group.keys], { attributes: { axis: 1 } });
    // The heads that share keys lie one below the other, for one product: [kvHeads, G, heads / kvHeads S, h].
    const split = g.node('Reshape', [
      g.node('Gather', [queries, group.queries]),
      g.integers([0, 0, kvHeads, perKv, size]),
    ]);
    const asking = g.node('Reshape', [
      g.node('Transpose', [split], { attributes: { perm: [2, 0, 3, 1, 4] } }),
      g.integers([0, 0, -1, size]),
    ]);
    const product = g.node('FusedMatMul', [asking, at(keys)], {
      attributes: { transB: 1, alpha: { float: 1 / Math.sqrt(size) } },
      domain: ms,
    });
    const scores = g.node('Add', [product, this.#bias(group, isWindowed)]);
    const weights = g.node('Softmax', [scores], { attributes: { axis: -1 } });
    const mixed = g.node('MatMul', [weights, at(values)]);
    const perQuery = g.node('Reshape', [mixed, g.integers([0, 0, perKv, -1, size])]);
    const turned = g.node('Transpose', [perQuery], { attributes: { perm: [1, 3, 0, 2, 4] } });
    return g.node('Reshape', [turned, g.integers([-1, heads * size])]);
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

  /** [N, kvHeads h] -> [kvHeads, N, h]. */
  #byHead(x: Value): Value {
    const { g, config } = this;
    const split = g.node('Reshape', [x, g.integers([0, config.kvHeads, headSizeOf(config)])]);
    return g.node('Transpose', [split], { attributes: { perm: [1, 0, 2] } });
  }

  /** 0 where a query sees a key: not behind it, and not before the window of its layer. [G, heads / kvHeads S, T]. */
  #bias({ keys, queries }: GroupInputs, isWindowed: boolean): Value {
    const name = `${keys} ${isWindowed}`;
    const known = this.#biases.get(name);
    if (known) return known;
    const { g, inputs } = this;
    const { heads, kvHeads, window } = this.config;
    const scalar = (value: number) => g.integers([value], 'int64', []);
    const tokens = g.node('Gather', [g.node('Shape', [keys]), scalar(1)]);
    const places = g.node('Range', [scalar(0), tokens, scalar(1)]);
    const depths = g.node('Tile', [g.node('Gather', [inputs.depths, queries]), g.integers([1, heads / kvHeads])]);
    const asking = g.node('Unsqueeze', [depths, g.integers([2])]);
    let sees = g.node('LessOrEqual', [places, asking]);
    if (isWindowed) {
      const first = g.node('Sub', [asking, scalar(window!)]);
      sees = g.node('And', [sees, g.node('GreaterOrEqual', [places, first])]);
    }
    const bias = g.node('Where', [sees, g.scalar(0), g.scalar(unseen)]);
    this.#biases.set(name, bias);
    return bias;
  }
}
