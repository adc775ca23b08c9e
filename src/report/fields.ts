/** Reads values out of parsed JSON with errors that name the file and the field: "expected a number for curve.mean[3] of ...". */
import { ColeError } from '../base/index.js';

export class Fields {
  private readonly object: Record<string, unknown>;

  /** `where` is the path of the value inside `file`, empty for the whole document. */
  constructor(
    value: unknown,
    readonly file: string,
    private readonly where = '',
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong('an object', where || 'the document', file, value);
    this.object = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return this.object[name] !== undefined && this.object[name] !== null;
  }

  string(name: string): string {
    const value = this.object[name];
    return typeof value === 'string' && value !== '' ? value : this.fail('a text', name);
  }

  number(name: string): number {
    return finite(this.object[name], this.path(name), this.file);
  }

  /** A whole number of at least `least`. */
  count(name: string, least = 0): number {
    const value = this.number(name);
    return Number.isInteger(value) && value >= least ? value : this.fail(`a whole number from ${least}`, name);
  }

  /** A number within [low, high]. */
  within(name: string, low: number, high: number): number {
    const value = this.number(name);
    return value >= low && value <= high ? value : this.fail(`a number from ${low} to ${high}`, name);
  }

  numberOrNull(name: string): number | null {
    return this.object[name] === null ? null : this.number(name);
  }

  numbers(name: string): number[] {
    return this.array(name).map((value, i) => finite(value, `${this.path(name)}[${i}]`, this.file));
  }

  strings(name: string): string[] {
    return this.array(name).map((value, i) =>
      typeof value === 'string' ? value : fail('a text', `${this.path(name)}[${i}]`, this.file, value),
    );
  }

  list<T>(name: string, read: (item: Fields) => T): T[] {
    return this.array(name).map((value, i) => read(new Fields(value, this.file, `${this.path(name)}[${i}]`)));
  }

  child(name: string): Fields {
    return new Fields(this.object[name], this.file, this.path(name));
  }

  /** All entries of an object whose values are finite numbers. */
  numberRecord(name: string): Record<string, number> {
    const child = this.child(name);
    return Object.fromEntries(Object.keys(child.object).map((key) => [key, child.number(key)]));
  }

  stringRecord(name: string): Record<string, string> {
    const child = this.child(name);
    return Object.fromEntries(Object.entries(child.object).map(([key, value]) => [key, String(value)]));
  }

  record(name: string): Record<string, unknown> {
    return this.child(name).object;
  }

  fail(expected: string, name: string): never {
    return fail(expected, this.path(name), this.file, this.object[name]);
  }

  private array(name: string): unknown[] {
    const value = this.object[name];
    return Array.isArray(value) ? value : this.fail('a list', name);
  }

  private path(name: string): string {
    return this.where === '' ? name : `${this.where}.${name}`;
  }
}

function finite(value: unknown, path: string, file: string): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fail('a number', path, file, value);
}

function fail(expected: string, path: string, file: string, value: unknown): never {
  throw wrong(expected, path, file, value);
}

function wrong(expected: string, path: string, file: string, value: unknown): ColeError {
  const shown = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  const short = shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
  return new ColeError('ERR_DATA', `expected ${expected} for ${path} of ${file}, got ${short}`);
}
