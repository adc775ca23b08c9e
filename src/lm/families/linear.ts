/**
 * Products with weight matrices, in the precision that the weight table says.
 *
 * int8: each row of x is scaled by its own largest value, so that a vector does not depend on what shares its batch, and
 * each column of the matrix by its own; the sums are exact integers. Channels that are far larger than the rest are evened out
 * first (`store/balance.ts`). MatMulNBits with 8 bits, which scales by blocks, ran at
 * 1.3 times the speed of float32 where this runs at 3.
 *
 * int4: blocks of 32 rows of a column share a scale and a zero point, which is no integer, so that the blocks of a Q4_1 file
 * are kept as they are. x stays float32; this saves memory, not time.
 */
import type { Graph, Value } from '../onnx/graph.js';

const ms = 'com.microsoft' as const;
/** Of an int8 weight, and of a value of x on both sides of its zero point. */
export const largestInt8 = 127;
const zeroPoint = 128;
/** Rows of a block of int4 weights. */
export const blockSize = 32;

/** Tensors beside a quantized matrix in the weight table. */
export const scalesOf = (weight: string) => `${weight}.scales`;
export const zeroPointsOf = (weight: string) => `${weight}.zeros`;
/** Factors of the channels of x, where they are evened out at run time; matrices of one x have the same ones. */
export const inverseOf = (weight: string) => `${weight}.inverse`;

/** x [..., K] times a weight matrix [K, N]. */
export function linear(g: Graph, x: Value, weight: string, bias?: string): Value {
  const product = productOf(g, x, weight);
  return bias === undefined ? product : g.node('Add', [product, g.weight(bias)]);
}

function productOf(g: Graph, x: Value, weight: string): Value {
  const { type } = g.entry(weight);
  if (type === undefined) return g.node('MatMul', [x, g.matrix(weight, x)]);
  return type === 'int8' ? int8Product(g, x, weight) : int4Product(g, x, weight);
}

/** x [..., K] as rows of bytes [R, K] and the scale of each, [R, 1]; `leading`: the shape of x without K. */
interface ByteRows {
  readonly bytes: Value;
  readonly scales: Value;
  readonly leading: Value;
}

/** By graph and value: what is multiplied with several matrices is made once. */
const known = new WeakMap<Graph, Map<Value, ByteRows>>();

function int8Product(g: Graph, x: Value, weight: string): Value {
  const [inner, outer] = g.entry(weight).shape as readonly [number, number];
  const ofGraph = known.get(g) ?? new Map<Value, ByteRows>();
  known.set(g, ofGraph);
  const even = () => (g.has(inverseOf(weight)) ? g.node('Mul', [x, g.weight(inverseOf(weight))]) : x);
  const rows = ofGraph.get(x) ?? byteRows(g, even(), inner);
  ofGraph.set(x, rows);
  const product = g.node(
    'MatMulIntegerToFloat',
    [rows.bytes, g.matrix(weight, x), g.scalar(1), g.weight(scalesOf(weight)), g.integers([zeroPoint], 'uint8', [])],
    { domain: ms },
  );
  const shape = g.node('Concat', [rows.leading, g.integers([outer])], { attributes: { axis: 0 } });
  return g.node('Reshape', [g.node('Mul', [product, rows.scales]), shape]);
}

function byteRows(g: Graph, x: Value, inner: number): ByteRows {
  const flat = g.node('Reshape', [x, g.integers([-1, inner])]);
  const largest = g.node('ReduceMax', [flat, g.integers([1])], { attributes: { keepdims: 1 } });
  const smallest = g.node('ReduceMin', [flat, g.integers([1])], { attributes: { keepdims: 1 } });
  // A row of zeros has a scale too.
  const reach = g.node('Max', [largest, g.node('Neg', [smallest]), g.scalar(1e-30)]);
  const scales = g.node('Mul', [reach, g.scalar(1 / largestInt8)]);
  const scale = g.node('Squeeze', [scales, g.integers([1])]);
  const zeros = g.node('Expand', [g.integers([zeroPoint], 'uint8'), g.node('Shape', [scale])]);
  const bytes = g.node('QuantizeLinear', [flat, scale, zeros], { attributes: { axis: 0 } });
  return { bytes, scales, leading: g.node('Shape', [x], { attributes: { end: -1 } }) };
}

/** The matrix lies as [N, K / 32, 16], the earlier of two values in the low half of a byte. */
function int4Product(g: Graph, x: Value, weight: string): Value {
  const [outer, blocks] = g.entry(weight).shape as readonly [number, number];
  return g.node('MatMulNBits', [x, g.matrix(weight, x), g.weight(scalesOf(weight)), g.weight(zeroPointsOf(weight))], {
    attributes: { K: blocks * blockSize, N: outer, bits: 4, block_size: blockSize },
    domain: ms,
  });
}
