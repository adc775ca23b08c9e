/** GGUF files: metadata (model configuration, vocabulary) and tensors, dequantised to float32 one at a time. */
import { open, stat } from 'node:fs/promises';
import { gguf } from '@huggingface/gguf';
import { ColeError } from '../../base/index.js';
import { tensorTypes } from './quantized.js';
import { count, findTensor, readTensor, type TensorEntry } from './read.js';
import type { TensorSource } from './source.js';

export interface GgufFile extends TensorSource {
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Where the tensors begin: the bytes before hold the metadata and are a GGUF header of their own. */
  readonly headerBytes: number;
}

export async function openGguf(path: string): Promise<GgufFile> {
  let header: Awaited<ReturnType<typeof gguf>>;
  try {
    header = await gguf(path, { allowLocalFile: true });
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected a GGUF file, but ${path} has no valid header`, { cause });
  }
  const { size } = await stat(path);
  const start = Number(header.tensorDataOffset);
  const entries = new Map<string, TensorEntry>();
  for (const info of header.tensorInfos) {
    const entry = { shape: info.shape.map(Number).reverse(), type: info.dtype, offset: start + Number(info.offset) };
    const type = tensorTypes[entry.type];
    if (!type) {
      const known = Object.values(tensorTypes).map((each) => each.name);
      throw new ColeError(
        'ERR_MODEL',
        `expected tensors of type ${known.join(', ')} in ${path}, got type ${info.dtype} for ${info.name}`,
      );
    }
    const values = count(entry.shape);
    if (!(values % type.values === 0 && (entry.shape.at(-1) ?? 0) % type.values === 0))
      throw new ColeError(
        'ERR_DATA',
        `expected whole ${type.name} blocks in ${info.name} of ${path}, got shape ${entry.shape}`,
      );
    const end = entry.offset + (values / type.values) * type.bytes;
    if (!(end <= size))
      throw new ColeError(
        'ERR_DATA',
        `expected ${end} bytes or more in ${path} (tensor ${info.name}), got ${size}: the file was cut short`,
      );
    entries.set(info.name, entry);
  }
  const file = await open(path);
  return {
    metadata: header.metadata as unknown as Record<string, unknown>,
    headerBytes: start,
    names: new Set(entries.keys()),
    shape: (name) => findTensor(entries, name, path).shape,
    read: (name, slice) => readTensor(file, findTensor(entries, name, path), path, slice),
    close: () => file.close(),
  };
}
