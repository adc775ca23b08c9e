/**
 * GGUF files: metadata (model configuration, vocabulary) and tensors, dequantised to float32 one at a time. A large model may
 * lie in several files, `x-00001-of-00003.gguf` and so on, the first of which has the metadata.
 */
import { open, stat } from 'node:fs/promises';
import { gguf } from '@huggingface/gguf';
import { ColeError } from '../../base/index.js';
import { openJoined } from './joined.js';
import { tensorTypes } from './quantized.js';
import { count, findTensor, readTensor, type TensorEntry } from './read.js';
import type { TensorSource } from './source.js';

export interface GgufHeader {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

export interface GgufFile extends TensorSource {
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** All files of the model whose first one is at `path`, that one included. ERR_MODEL where it is a later one. */
export function ggufParts(path: string): string[] {
  const [, stem, number, total] = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(path) ?? [];
  if (stem === undefined) return [path];
  const part = (index: number) => `${stem}-${String(index).padStart(5, '0')}-of-${total}.gguf`;
  if (Number(number) !== 1)
    throw new ColeError('ERR_MODEL', `expected the first part of the model, ${part(1)}, got ${path}`);
  return Array.from({ length: Number(total) }, (_, index) => part(index + 1));
}

export async function openGguf(path: string): Promise<GgufFile> {
  const paths = ggufParts(path);
  const { tensors, parts } = await openJoined(paths, openPart, path);
  try {
    parts.forEach(({ metadata }, index) => {
      const [of = 1, at = 0] = [metadata['split.count'], metadata['split.no']];
      // A file of one part has neither; a count of 0 is another way to say so.
      if (Math.max(1, Number(of)) !== parts.length || Number(at) !== index)
        throw new ColeError(
          'ERR_DATA',
          `expected part ${index + 1} of ${parts.length} in ${paths[index]}, got part ${Number(at) + 1} of ${of}; parts have names such as x-00001-of-00003.gguf`,
        );
    });
    return { ...tensors, metadata: parts[0]!.metadata };
  } catch (error) {
    await tensors.close();
    throw error;
  }
}

async function openPart(path: string): Promise<GgufFile> {
  const { metadata, entries } = await readGgufHeader(path);
  const { size } = await stat(path);
  for (const [name, { shape, type, offset }] of entries) {
    const { values, bytes } = tensorTypes[type]!;
    const end = offset + (count(shape) / values) * bytes;
    if (!(end <= size))
      throw new ColeError(
        'ERR_DATA',
        `expected ${end} bytes or more in ${path} (tensor ${name}), got ${size}: the file was cut short`,
      );
  }
  const file = await open(path);
  return {
    metadata,
    names: new Set(entries.keys()),
    shape: (name) => findTensor(entries, name, path).shape,
    read: (name, slice) => readTensor(file, entries, name, path, slice),
    close: () => file.close(),
  };
}

/** `fetch`: reads ranges of a file of the network; `path` is its URL. Refuses types of tensors that are not read. */
export async function readGgufHeader(path: string, fetch?: typeof globalThis.fetch): Promise<GgufHeader> {
  let header: Awaited<ReturnType<typeof gguf>>;
  try {
    header = await (fetch ? gguf(path, { fetch }) : gguf(path, { allowLocalFile: true }));
  } catch (cause) {
    if (cause instanceof ColeError) throw cause;
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ColeError(
      'ERR_DATA',
      `expected a GGUF file, but ${path} ${isAbsent ? 'is not there' : 'has no valid header'}`,
      { cause },
    );
  }
  const start = Number(header.tensorDataOffset);
  const entries = new Map<string, TensorEntry>();
  for (const { name, shape: sizes, dtype, offset } of header.tensorInfos) {
    const shape = sizes.map(Number).reverse();
    const type = tensorTypes[dtype];
    if (!type) {
      const known = Object.values(tensorTypes).map((each) => each.name);
      throw new ColeError(
        'ERR_MODEL',
        `expected tensors of type ${known.join(', ')} in ${path}, got type ${dtype} for ${name}`,
      );
    }
    if (!(count(shape) % type.values === 0 && (shape.at(-1) ?? 0) % type.values === 0))
      throw new ColeError('ERR_DATA', `expected whole ${type.name} blocks in ${name} of ${path}, got shape ${shape}`);
    entries.set(name, { shape, type: dtype, offset: start + Number(offset) });
  }
  return { metadata: header.metadata as unknown as Record<string, unknown>, entries };
}
