/** Weight matrices of fewer bits, made from the float32 ones, one at a time. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, writeAtomic } from '../../base/index.js';
import { blockSize, inverseOf, largestInt8, scalesOf, zeroPointsOf } from '../families/linear.js';
import type { ModelConfig } from '../families/model.js';
import { readExactly } from '../formats/read.js';
import type { WeightEntry, WeightTable } from '../onnx/graph.js';
import { type Balance, balanceOf, floatGraph, type Reaches } from './balance.js';
import { WeightFile, weightsName } from './convert.js';
import type { QuantizedPrecision } from './precisions.js';

export interface QuantizedWeights {
  /** Of all tensors: those that stay as they are lie in the float32 file. */
  readonly table: WeightTable;
  readonly bytes: number;
  readonly sha256: string;
}

interface Part {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Int8Array | Uint8Array | Float32Array;
}

/** Of a matrix [rows, columns]; no parts where it stays as it is. */
type Quantizer = (name: string, values: Float32Array, rows: number, columns: number) => Part[];

const quantizers: Readonly<Record<QuantizedPrecision, Quantizer>> = { int8, int4 };

/** Writes the matrices of the model in `folder` into `file`, beside its weights; with `reaches`, balanced ones. */
export async function quantizeWeights(
  config: ModelConfig,
  weights: WeightTable,
  precision: QuantizedPrecision,
  folder: string,
  file: string,
  reaches?: Reaches,
): Promise<QuantizedWeights> {
  const quantize = quantizers[precision];
  const tensors: Record<string, WeightEntry> = { ...weights.tensors };
  const path = join(folder, weightsName);
  const from = await open(path);
  const read = (name: string) => readFloats(from, weights.tensors[name]!, path);
  let made = { bytes: 0, sha256: '' };
  try {
    const balance = reaches && (await balanceOf(config, weights, reaches, read));
    await writeAtomic(join(folder, file), async (handle) => {
      const out = new WeightFile(handle);
      const add = async ({ name, shape, values }: Part) => {
        const offset = await out.append(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        tensors[name] = { shape, offset, file, ...typeOf(values) };
      };
      const matrices = matricesOf(config, weights);
      for (const name of matrices) {
        const [rows, columns] = weights.tensors[name]!.shape as readonly [number, number];
        for (const part of quantize(name, balanced(await read(name), name, balance), rows, columns)) await add(part);
      }
      for (const name of balance?.divisors.keys() ?? [])
        if (!matrices.includes(name))
          await add({ name, shape: weights.tensors[name]!.shape, values: balanced(await read(name), name, balance) });
      for (const [name, values] of balance?.inverses ?? [])
        await add({ name: inverseOf(name), shape: [values.length], values });
      made = out.finish();
    });
  } finally {
    await from.close();
  }
  return { table: { file: weights.file, tensors }, ...made };
}

/** The same values, with the range of their channels moved. */
function balanced(values: Float32Array, name: string, balance: Balance | undefined): Float32Array {
  const factors = balance?.rows.get(name);
  const divisors = balance?.divisors.get(name);
  const columns = factors ? values.length / factors.length : 1;
  if (factors) for (let at = 0; at < values.length; at++) values[at] = values[at]! * factors[Math.floor(at / columns)]!;
  if (divisors) for (let at = 0; at < values.length; at++) values[at] = values[at]! / divisors[at % divisors.length]!;
  return values;
}

function typeOf(values: Part['values']): Pick<WeightEntry, 'type'> {
  if (values instanceof Int8Array) return { type: 'int8' };
  return values instanceof Uint8Array ? { type: 'uint8' } : {};
}

/** Those that the family's graph multiplies with. */
function matricesOf(config: ModelConfig, weights: WeightTable): string[] {
  if (config.ready)
    throw new ColeError(
      'ERR_OPTION',
      'expected precision float32 for a ready ONNX graph, whose weights stay as they are',
    );
  return [...floatGraph(config, weights).matrices.keys()];
}

async function readFloats(file: FileHandle, { shape, offset }: WeightEntry, path: string): Promise<Float32Array> {
  const bytes = await readExactly(file, offset, 4 * shape.reduce((a, b) => a * b, 1), path);
  return new Float32Array(bytes.buffer);
}

/** Bytes [rows, columns], and the scale of each column. */
function int8(name: string, values: Float32Array, rows: number, columns: number): Part[] {
  const scales = new Float32Array(columns);
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = 0; j < columns; j++, at++) scales[j] = Math.max(scales[j]!, Math.abs(values[at]!));
  // A column of zeros has a scale too.
  for (let j = 0; j < columns; j++) scales[j] = scales[j]! / largestInt8 || 1;
  const bytes = new Int8Array(rows * columns);
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = 0; j < columns; j++, at++) bytes[at] = Math.round(values[at]! / scales[j]!);
  return [
    { name, shape: [rows, columns], values: bytes },
    { name: scalesOf(name), shape: [columns], values: scales },
  ];
}

const largestInt4 = 15;

/**
 * value = scale (q - zero), q from 0 for the smallest value of a block to 15 for the largest. A block of Q4_1
 * comes back as it was, to the rounding of float32. A matrix without whole blocks stays float32.
 */
function int4(name: string, values: Float32Array, rows: number, columns: number): Part[] {
  if (rows % blockSize !== 0) return [];
  const blocks = rows / blockSize;
  const nibbles = new Uint8Array((columns * rows) / 2);
  const scales = new Float32Array(columns * blocks);
  const zeros = new Float32Array(columns * blocks);
  for (let j = 0; j < columns; j++)
    for (let b = 0; b < blocks; b++) {
      const block = j * blocks + b;
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < blockSize; i++) {
        const value = values[(b * blockSize + i) * columns + j]!;
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
      // A block of one value is 1 times what the zero point says.
      const scale = (most - least) / largestInt4 || 1;
      scales[block] = scale;
      zeros[block] = -least / scale;
      for (let i = 0; i < blockSize; i++) {
        const q = Math.round((values[(b * blockSize + i) * columns + j]! - least) / scale);
        nibbles[(block * blockSize + i) >> 1]! |= q << (4 * (i & 1));
      }
    }
  return [
    { name, shape: [columns, blocks, blockSize / 2], values: nibbles },
    { name: scalesOf(name), shape: [columns * blocks], values: scales },
    { name: zeroPointsOf(name), shape: [columns, blocks], values: zeros },
  ];
}
