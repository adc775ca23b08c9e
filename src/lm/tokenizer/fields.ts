/** Typed reading of parsed JSON and GGUF metadata; every complaint names the field. */
import { ColeError } from '../../base/index.js';

export type Fields = Readonly<Record<string, unknown>>;

export function refuse(expected: string, name: string, got: unknown): ColeError {
  const text = typeof got === 'string' ? got : (JSON.stringify(got) ?? String(got));
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return new ColeError('ERR_VOCAB', `expected ${expected} for ${name} of the tokenizer, got ${shown}`);
}

export function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('an object', name, value);
  return value as Fields;
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refuse('an array', name, value);
  return value;
}

export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw refuse('a string', name, value);
  return value;
}

/** Bounded so that an id fits 32 bits. */
export function countOf(value: unknown, name: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 0x7ffffffe)
    throw refuse('an integer from 0 to 2147483646', name, value);
  return number;
}

export function flagOf(value: unknown, name: string, fallback?: boolean): boolean {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value !== 'boolean') throw refuse('true or false', name, value);
  return value;
}

/** Steps of nested Sequences, whose items are under `list`, in order; none for null. */
export function sequenceOf(value: unknown, name: string, list: string): Fields[] {
  if (value === null || value === undefined) return [];
  const fields = fieldsOf(value, name);
  if (fields.type !== 'Sequence') return [fields];
  return listOf(fields[list], `${name}.${list}`).flatMap((step, i) => sequenceOf(step, `${name}.${list}[${i}]`, list));
}
