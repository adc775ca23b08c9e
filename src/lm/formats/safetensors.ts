/**
 * Safetensors files: an 8-byte little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, then the
 * tensors. Everything the header claims is checked against the file before it is used.
 */
import { open } from 'node:fs/promises';
import { ColeError } from '../../base/index.js';
import { tensorTypes } from './quantized.js';
import { count, findTensor, readExactly, readTensor, type TensorEntry } from './read.js';
import type { TensorSource } from './source.js';

const dtypes: Readonly<Record<string, number>> = { F32: 0, F16: 1, BF16: 30 };
const headerLimit = 100_000_000;

/** Reads the header of the file at `path`; integer tensors (such as position ids) are listed nowhere and cannot be read. */
export async function openSafetensors(path: string): Promise<TensorSource> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size < 8) throw wrong(path, `${size} bytes`);
    const length = Buffer.from(await readExactly(file, 0, 8, path)).readBigUInt64LE();
    if (length > headerLimit || Number(length) + 8 > size)
      throw wrong(path, `a header of ${length} bytes in a file of ${size}`);
    const start = 8 + Number(length);
    const entries = parseHeader(await readExactly(file, 8, Number(length), path), start, size, path);
    return {
      names: new Set(entries.keys()),
      shape: (name) => findTensor(entries, name, path).shape,
      read: (name, slice) => readTensor(file, entries, name, path, slice),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function parseHeader(bytes: Uint8Array, start: number, size: number, path: string): Map<string, TensorEntry> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong(path, 'a header that is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw wrong(path, 'a header that is not an object');
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
      throw wrong(path, `no shape and offsets for tensor ${name}`);
    const [from, to] = offsets as [number, number];
    if (to < from || start + to > size)
      throw wrong(path, `tensor ${name} at ${from}..${to}, past the end: the file was cut short`);
    const type = typeof dtype === 'string' && Object.hasOwn(dtypes, dtype) ? dtypes[dtype]! : undefined;
    if (type === undefined) {
      if (typeof dtype === 'string' && /^(I|U|BOOL)/.test(dtype)) continue;
      throw new ColeError('ERR_MODEL', `expected F32, F16 or BF16 for tensor ${name} of ${path}, got ${String(dtype)}`);
    }
    if (count(shape) * tensorTypes[type]!.bytes !== to - from)
      throw wrong(path, `${to - from} bytes for tensor ${name} of shape ${shape}`);
    entries.set(name, { shape, type, offset: start + from });
  }
  return entries;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function wrong(path: string, what: string): ColeError {
  return new ColeError('ERR_DATA', `expected a safetensors file at ${path}, got ${what}`);
}
