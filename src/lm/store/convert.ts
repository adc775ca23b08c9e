/**
 * Turns a foreign model into ours, once: a weight file of float32 tensors, written one tensor at a time, and the table of
 * what lies where. The ONNX graph over them is small and is made from the table.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ColeError, writeAtomic } from '../../base/index.js';
import { families } from '../families/config.js';
import type { ModelConfig } from '../families/model.js';
import type { GraphOptions } from '../families/poolings.js';
import type { WeightSpec } from '../families/weights.js';
import type { TensorSource } from '../formats/source.js';
import type { WeightTable } from '../onnx/graph.js';

/** Raised when the weight file changes: models of another version are not seen. */
export const conversionVersion = 1;
/** Raised when a vector changes, if only in its last bit: those of another version are not reused. */
export const graphVersion = 2;
export const weightsName = 'weights.bin';
/** Tensors start on page boundaries, so that the runtime can map them. */
const alignment = 4096;

/** Writes the weight file into `folder`; the table says where each tensor lies and the hash is of the file's bytes. */
export async function convertWeights(
  config: ModelConfig,
  source: TensorSource,
  folder: string,
): Promise<{ table: WeightTable; bytes: number; sha256: string }> {
  const tensors: Record<string, { shape: readonly number[]; offset: number }> = {};
  const hash = createHash('sha256');
  let offset = 0;
  await writeAtomic(join(folder, weightsName), async (file) => {
    const append = async (bytes: Uint8Array) => {
      hash.update(bytes);
      for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
      offset += bytes.length;
    };
    for (const spec of families[config.family]!.weights(config, source)) {
      await append(new Uint8Array(-offset & (alignment - 1)));
      tensors[spec.name] = { shape: spec.shape, offset };
      const values = await make(spec);
      await append(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
  });
  return { table: { file: weightsName, tensors }, bytes: offset, sha256: hash.digest('hex') };
}

async function make(spec: WeightSpec): Promise<Float32Array> {
  const values = await spec.make();
  const size = spec.shape.reduce((a, b) => a * b, 1);
  if (values.length !== size)
    throw new ColeError('ERR_DATA', `expected ${size} values for weight ${spec.name}, got ${values.length}`);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new ColeError('ERR_DATA', `expected finite values in weight ${spec.name}, got ${values[wrong]} at ${wrong}`);
  return values;
}

export function graphBytes(config: ModelConfig, table: WeightTable, options: GraphOptions): Uint8Array {
  return families[config.family]!.graph(config, table, options).encode();
}
