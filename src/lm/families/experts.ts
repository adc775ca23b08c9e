/**
 * The MLPs of a mixture of experts: a router gives each row its `active` best of `count`, and their outputs are summed by
 * the softmax over those. Each expert runs on the rows that chose it.
 */
import type { Graph, Value } from '../onnx/graph.js';
import { gatedMlp } from './blocks.js';

/** [N, D] -> [N, D]. */
export function routedMlps(
  g: Graph,
  x: Value,
  layer: number,
  { count, active }: { readonly count: number; readonly active: number },
): Value {
  // In float32 always: a near tie must not go to another expert.
  const scores = g.node('MatMul', [x, g.weight(`${layer}.router`)]);
  const [best, chosen] = g.nodeOutputs('TopK', [scores, g.integers([active])], { outputs: 2 });
  // The softmax over all experts, scaled to a sum of 1 over the chosen ones, is the softmax over these.
  const shares = g.node('Softmax', [best!], { attributes: { axis: -1 } });
  let sum = g.node('Mul', [x, g.scalar(0)]);
  for (let e = 0; e < count; e++) {
    const isChosen = g.node('Equal', [chosen!, g.integers([e], 'int64', [])]);
    const share = g.node('ReduceSum', [g.node('Where', [isChosen, shares, g.scalar(0)]), g.integers([1])], {
      attributes: { keepdims: 1 },
    });
    const used = g.node('ReduceMax', [g.node('Cast', [isChosen], { attributes: { to: 6 } }), g.integers([1])], {
      attributes: { keepdims: 0 },
    });
    const rows = g.node('Reshape', [g.node('NonZero', [used]), g.integers([-1])]);
    const out = g.node('Mul', [
      gatedMlp(g, g.node('Gather', [x, rows]), `${layer}.mlp.${e}`),
      g.node('Gather', [share, rows]),
    ]);
    const index = g.node('Reshape', [rows, g.integers([-1, 1])]);
    sum = g.node('ScatterND', [sum, index, out], { attributes: { reduction: 'add' } });
  }
  return sum;
}
