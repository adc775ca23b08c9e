/**
 * Ready ONNX graphs: hidden states come out of a graph that somebody else made. Ours is put around it, which makes its
 * inputs from token ids of texts of one length, and pools.
 */
import { ColeError } from '../../base/index.js';
import { Graph, type Value, type WeightTable } from '../onnx/graph.js';
import { encoderInputs, encoderLayout } from './blocks.js';
import type { Family } from './family.js';
import type { ModelConfig } from './model.js';
import { type GraphOptions, PoolingOutputs } from './poolings.js';

export const ready: Family = { sharesPrefixes: false, weights: () => [], graph };

/** Inputs beside `input_ids` that are made from it. */
export const derivedInputs = ['attention_mask', 'token_type_ids', 'position_ids'];

/** The nodes around the skeleton, to be merged with it. */
function graph(config: ModelConfig, table: WeightTable, options: GraphOptions): Graph {
  const { inputs, states, isStacked } = config.ready!;
  const g = new Graph('ready', table, 'cole/');
  const { ids, mask, tokens } = encoderInputs(g);
  const shape = g.node('Shape', [ids]);
  const fill = (value: Value) => g.node('Expand', [value, shape]);
  const scalar = (value: number) => g.integers([value], 'int64', []);
  const derived: Record<string, () => Value> = {
    attention_mask: () => fill(scalar(1)),
    token_type_ids: () => fill(scalar(0)),
    position_ids: () =>
      fill(g.node('Range', [scalar(0), g.node('Reshape', [tokens, g.integers([], 'int64', [0])]), scalar(1)])),
  };
  for (const name of inputs) g.alias(name, derived[name]!());
  const poolings = new PoolingOutputs(g, encoderLayout(g, mask, options), config, options);
  if (states.length === 1 && !isStacked) {
    const other = options.outputs.find((name) => !['mean', 'last_token', 'last_hidden_state'].includes(name));
    if (other !== undefined)
      throw new ColeError(
        'ERR_OPTION',
        `expected a pooling of mean or last_token for an ONNX graph without the hidden states of all layers, got ${other}`,
      );
    poolings.addLast(states[0]!);
  } else if (isStacked)
    for (let i = 0; i <= config.layers; i++) poolings.add(g.node('Gather', [states[0]!, scalar(i)]));
  else for (const state of states) poolings.add(state);
  return g;
}
