/**
 * Before a product in int8, range is moved from the channels of what is multiplied into the rows of the matrix (SmoothQuant;
 * Xiao et al., ICML 2023). A few channels of a language model are far larger than the rest, and bytes with one scale a row
 * have little left for the others. What moves is a power of two for each channel, so that the product stays the same to
 * the bit in float32. Where a weight before scales the channels, the scale of a norm or the columns of a matrix, it is taken
 * out of that, and nothing is left to do at run time; elsewhere what is multiplied is divided.
 */
import { families } from '../families/config.js';
import type { ModelConfig } from '../families/model.js';
import type { Graph, Value, WeightTable } from '../onnx/graph.js';

/** Matrices that are multiplied with the same x [..., K]. */
interface Group {
  /** That of the first matrix. */
  readonly name: string;
  readonly x: Value;
  readonly matrices: readonly string[];
  /** The weight whose last axis scales the channels of x. */
  readonly source: string | undefined;
}

export interface Balance {
  /** Factors of the rows of matrices. */
  readonly rows: ReadonlyMap<string, Float32Array>;
  /** What the last axis of the weights before is divided by. */
  readonly divisors: ReadonlyMap<string, Float32Array>;
  /** What is multiplied with a matrix takes these first, where no weight before did. */
  readonly inverses: ReadonlyMap<string, Float32Array>;
}

/** Largest sizes of the channels of what is multiplied, by the first matrix that it is multiplied with. */
export type Reaches = ReadonlyMap<string, Float32Array>;

/** Part of the range of x, in powers, that goes into the matrix. Best of 0.5 to 0.85 for MiniLM; for SmolLM2 0.6 to 0.75 are alike. */
const moved = 0.75;
/** The matrix after attention: what attention mixes is even, and SmolLM2's error was half as large again with range moved there. */
const afterAttention = /\.out$/;
/** Channels whose factors are no further apart are not worth a division at run time. */
const evenEnough = 4;

export function floatGraph(config: ModelConfig, weights: WeightTable): Graph {
  return families[config.family]!.graph(config, weights, { outputs: ['mean'], embeddingLayer: true });
}

function groupsOf(g: Graph): Group[] {
  const byInput = new Map<Value, string[]>();
  for (const [matrix, x] of g.matrices)
    if (!afterAttention.test(matrix)) byInput.set(x, [...(byInput.get(x) ?? []), matrix]);
  return [...byInput].map(([x, matrices]) => ({ name: matrices[0]!, x, matrices, source: g.channels.get(x) }));
}

/** A graph whose outputs are the reaches of a batch, [K] each, and the names of their groups. */
export function reachGraph(config: ModelConfig, weights: WeightTable): { bytes: Uint8Array; groups: string[] } {
  const g = floatGraph(config, weights);
  const groups = groupsOf(g);
  for (const { name, x } of groups) {
    const channels = g.entry(name).shape[0]!;
    const rows = g.node('Reshape', [g.node('Abs', [x]), g.integers([-1, channels])]);
    // An expert that no row chose has a largest value too.
    const zeros = g.node('Expand', [g.scalar(0), g.integers([1, channels])]);
    const all = g.node('Concat', [rows, zeros], { attributes: { axis: 0 } });
    const largest = g.node('ReduceMax', [all, g.integers([0])], { attributes: { keepdims: 0 } });
    g.output(reachOf(name), largest, 'float32', [channels]);
  }
  return { bytes: g.encode(), groups: groups.map(({ name }) => name) };
}

/** Name of the output of a group. */
export const reachOf = (group: string) => `reach of ${group}`;

/** `read` gives the values of a matrix [K, N]. */
export async function balanceOf(
  config: ModelConfig,
  weights: WeightTable,
  reaches: Reaches,
  read: (matrix: string) => Promise<Float32Array>,
): Promise<Balance> {
  const rows = new Map<string, Float32Array>();
  const divisors = new Map<string, Float32Array>();
  const inverses = new Map<string, Float32Array>();
  for (const { name, matrices, source } of groupsOf(floatGraph(config, weights))) {
    const reach = reaches.get(name)!;
    const largest = new Float32Array(reach.length);
    for (const matrix of matrices) {
      const values = await read(matrix);
      const columns = values.length / reach.length;
      for (let i = 0, at = 0; i < reach.length; i++)
        for (let j = 0; j < columns; j++, at++) largest[i] = Math.max(largest[i]!, Math.abs(values[at]!));
    }
    const factors = factorsOf(reach, largest);
    if (source !== undefined) divisors.set(source, factors);
    else if (Math.max(...factors) <= evenEnough * Math.min(...factors)) continue;
    const inverse = factors.map((factor) => 1 / factor);
    for (const matrix of matrices) {
      rows.set(matrix, factors);
      if (source === undefined) inverses.set(matrix, inverse);
    }
  }
  return { rows, divisors, inverses };
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
