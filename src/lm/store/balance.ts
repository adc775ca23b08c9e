/**
 * Before a product in int8, range is moved from the channels of what is multiplied into the rows of the matrix (SmoothQuant;
 * Xiao et al., ICML 2023). A few channels of a language model are far larger than the rest, and bytes with one scale a row
 * have little left for the others. What moves is a power of two for each channel, so that the product stays the same to
 * the bit in float32, and it is taken out of the weight before: the scale of a norm, or the columns of a matrix. Nothing is left to do at
 * run time.
 */
import { families } from '../families/config.js';
import type { ModelConfig } from '../families/model.js';
import type { Graph, Value, WeightTable } from '../onnx/graph.js';

/** Matrices that are multiplied with the same x [..., K], whose channels the last axis of `source` scales. */
interface Group {
  readonly source: string;
  readonly x: Value;
  readonly matrices: readonly string[];
}

export interface Balance {
  /** Factors of the rows of matrices. */
  readonly rows: ReadonlyMap<string, Float32Array>;
  /** What the last axis of the weights before is divided by. */
  readonly divisors: ReadonlyMap<string, Float32Array>;
}

/** Largest sizes of channels, by the source that scales them. */
export type Reaches = ReadonlyMap<string, Float32Array>;

/** Part of the range of x, in powers, that goes into the matrix. Errors of SmolLM2 differ little from 0.6 to 0.75. */
const moved = 0.7;

export function floatGraph(config: ModelConfig, weights: WeightTable): Graph {
  return families[config.family]!.graph(config, weights, { outputs: ['mean'], embeddingLayer: true });
}

function groupsOf(g: Graph): Group[] {
  const bySource = new Map<string, { source: string; x: Value; matrices: string[] }>();
  for (const [matrix, x] of g.matrices) {
    const source = g.channels.get(x);
    if (source === undefined) continue;
    const group = bySource.get(source);
    if (group) group.matrices.push(matrix);
    else bySource.set(source, { source, x, matrices: [matrix] });
  }
  return [...bySource.values()];
}

/** A graph whose outputs are the reaches of a batch, [K] each, and the names of these outputs: those of the sources. */
export function reachGraph(config: ModelConfig, weights: WeightTable): { bytes: Uint8Array; sources: string[] } {
  const g = floatGraph(config, weights);
  const groups = groupsOf(g);
  for (const { source, x, matrices } of groups) {
    const channels = g.entry(matrices[0]!).shape[0]!;
    const rows = g.node('Reshape', [g.node('Abs', [x]), g.integers([-1, channels])]);
    // An expert that no row chose has a largest value too.
    const zeros = g.node('Expand', [g.scalar(0), g.integers([1, channels])]);
    const all = g.node('Concat', [rows, zeros], { attributes: { axis: 0 } });
    const largest = g.node('ReduceMax', [all, g.integers([0])], { attributes: { keepdims: 0 } });
    g.output(reachOf(source), largest, 'float32', [channels]);
  }
  return { bytes: g.encode(), sources: groups.map(({ source }) => source) };
}

/** Name of the output. */
export const reachOf = (source: string) => `reach of ${source}`;

/** `read` gives the values of a matrix [K, N]. */
export async function balanceOf(
  config: ModelConfig,
  weights: WeightTable,
  reaches: Reaches,
  read: (matrix: string) => Promise<Float32Array>,
): Promise<Balance> {
  const rows = new Map<string, Float32Array>();
  const divisors = new Map<string, Float32Array>();
  for (const { source, matrices } of groupsOf(floatGraph(config, weights))) {
    const reach = reaches.get(source)!;
    const largest = new Float32Array(reach.length);
    for (const matrix of matrices) {
      const values = await read(matrix);
      const columns = values.length / reach.length;
      for (let i = 0, at = 0; i < reach.length; i++)
        for (let j = 0; j < columns; j++, at++) largest[i] = Math.max(largest[i]!, Math.abs(values[at]!));
    }
    const factors = factorsOf(reach, largest);
    divisors.set(source, factors);
    for (const matrix of matrices) rows.set(matrix, factors);
  }
  return { rows, divisors };
}

/** What the texts that were seen hardly reach may reach further in others: it is not made much larger. */
const leastFactor = 2 ** -4;

/** Powers of two, about 1 in the mean. A channel that is always 0, or that no weight reads, stays as it is. */
function factorsOf(reach: Float32Array, weight: Float32Array): Float32Array {
  const logs = Array.from(reach, (size, i) =>
    size > 0 && weight[i]! > 0 ? moved * Math.log2(size) - (1 - moved) * Math.log2(weight[i]!) : Number.NaN,
  );
  const known = logs.filter((log) => !Number.isNaN(log));
  const mean = known.reduce((sum, log) => sum + log, 0) / known.length;
  return Float32Array.from(logs, (log) => (Number.isNaN(log) ? 1 : Math.max(leastFactor, 2 ** Math.round(log - mean))));
}
