/**
 * Turns a foreign model into ours, once: a weight file of float32 tensors, written one tensor at a time, and the table of
 * what lies where. The ONNX graph over them is small and is made from the table.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, writeAtomic } from '../../base/index.js';
import { families } from '../families/config.js';
import type { ModelConfig } from '../families/model.js';
import type { GraphOptions } from '../families/poolings.js';
import type { WeightSpec } from '../families/weights.js';
import type { TensorSource } from '../formats/source.js';
import type { WeightTable } from '../onnx/graph.js';
import { requireSpace } from './memory.js';

/** Raised when the weight file changes: models of another version are not seen. */
export const conversionVersion = 1;
/** Raised when vectors change in more than their last bits: those of another version are not reused. */
export const graphVersion = 3;
export const weightsName = 'weights.bin';
/** Tensors start on page boundaries, so that the runtime can map them. */
const alignment = 4096;

/** A weight file as it is written. */
export class WeightFile {
  readonly #hash = createHash('sha256');
  #offset = 0;

  constructor(private readonly file: FileHandle) {}

  /** Where the bytes lie. */
  async append(bytes: Uint8Array): Promise<number> {
    await this.#write(new Uint8Array(-this.#offset & (alignment - 1)));
    const start = this.#offset;
    await this.#write(bytes);
    return start;
  }

  finish(): { bytes: number; sha256: string } {
    return { bytes: this.#offset, sha256: this.#hash.digest('hex') };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    for (let done = 0; done < bytes.length; ) done += (await this.file.write(bytes, done)).bytesWritten;
    this.#offset += bytes.length;
  }
}

/** Writes the weight file into `folder`; the table says where each tensor lies and the hash is of the file's bytes. */
export async function convertWeights(
  config: ModelConfig,
  source: TensorSource,
  folder: string,
): Promise<{ table: WeightTable; bytes: number; sha256: string }> {
  const tensors: Record<string, { shape: readonly number[]; offset: number }> = {};
  const specs = families[config.family]!.weights(config, source);
  const size = specs.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1) + alignment, 0);
  await requireSpace(folder, size, 'the weights in float32');
  let made = { bytes: 0, sha256: '' };
  await writeAtomic(join(folder, weightsName), async (file) => {
    const weights = new WeightFile(file);
    for (const spec of specs) {
      const values = await make(spec);
      const offset = await weights.append(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      tensors[spec.name] = { shape: spec.shape, offset };
    }
    made = weights.finish();
  });
  return { table: { file: weightsName, tensors }, ...made };
}

async function make(spec: WeightSpec): Promise<Float32Array> {
  const values = await spec.make().catch((cause) => {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ColeError('ERR_MEMORY', `expected memory for weight ${spec.name} of ${spec.shape} values, got none`, {
      cause,
    });
  });
  const size = spec.shape.reduce((a, b) => a * b, 1);
  if (values.length !== size)
    throw new ColeError('ERR_DATA', `expected ${size} values for weight ${spec.name}, got ${values.length}`);
  return values;
}

/** `skeleton`: of a ready graph, around which ours is put. */
export function graphBytes(
  config: ModelConfig,
  table: WeightTable,
  options: GraphOptions,
  skeleton?: Uint8Array,
): Uint8Array {
  const graph = families[config.family]!.graph(config, table, options);
  return skeleton ? Buffer.concat([skeleton, graph.encodeAddition()]) : graph.encode();
}
