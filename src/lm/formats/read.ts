/** Reading of tensors by name and of exact byte ranges, with errors that name the file. */
import type { FileHandle } from 'node:fs/promises';
import { endianness } from 'node:os';
import { ColeError, ioError } from '../../base/index.js';
import { decode, tensorTypes } from './quantized.js';

/** Where a tensor lies in a file. */
export interface TensorEntry {
  readonly shape: readonly number[];
  /** ggml's type number. */
  readonly type: number;
  readonly offset: number;
}

/** The tensor, or a slice of its first axis, as float32. ERR_DATA where a value is not finite. */
export async function readTensor(
  file: FileHandle,
  entries: ReadonlyMap<string, TensorEntry>,
  name: string,
  path: string,
  slice?: number,
): Promise<Float32Array> {
  const { shape, type, offset } = findTensor(entries, name, path);
  const known = tensorTypes[type]!;
  // Blocks lie along the last axis, so a slice has whole ones.
  const size = count(slice === undefined ? shape : shape.slice(1));
  const bytes = (size / known.values) * known.bytes;
  const raw = await readExactly(file, offset + (slice ?? 0) * bytes, bytes, path);
  // Its own bytes where they are float32 already: large tables are not held twice.
  const isFloat = known.name === 'F32' && endianness() === 'LE';
  const out = isFloat ? new Float32Array(raw.buffer) : new Float32Array(size);
  if (!isFloat) decode(known, new DataView(raw.buffer), out);
  const wrong = out.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new ColeError(
      'ERR_DATA',
      `expected finite values in tensor ${name} of ${path}, got ${out[wrong]} at ${wrong + (slice ?? 0) * size}`,
    );
  return out;
}

export async function readExactly(file: FileHandle, offset: number, bytes: number, path: string): Promise<Uint8Array> {
  const out = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await file.read(out, done, Math.min(bytes - done, 2 ** 30), offset + done));
    } catch (cause) {
      throw ioError(path, cause);
    }
    if (bytesRead === 0)
      throw new ColeError('ERR_DATA', `expected ${offset + bytes} bytes or more in ${path}: the file was cut short`);
    done += bytesRead;
  }
  return out;
}

export function findTensor<T>(entries: ReadonlyMap<string, T>, name: string, path: string): T {
  const entry = entries.get(name);
  if (!entry) throw new ColeError('ERR_MODEL', `expected tensor ${name} in ${path}, got none of that name`);
  return entry;
}

export function count(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
