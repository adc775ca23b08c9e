/** Typed reading of a model's description, with errors that name the file and the field. */
import { ColeError } from '../../base/index.js';

type Fields = Readonly<Record<string, unknown>>;

const mostLayers = 1000;

export class ConfigReader {
  /** `prefix` comes before every field's name in the file. */
  constructor(
    readonly fields: Fields,
    readonly path: string,
    private readonly prefix = '',
  ) {}

  get(key: string): unknown {
    return this.fields[this.prefix + key] ?? undefined;
  }

  /** Present, if only as null: absent fields have defaults that null has not. */
  has(key: string): boolean {
    return this.fields[this.prefix + key] !== undefined;
  }

  /** A positive number. */
  number(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
      throw this.error(`expected a positive number for ${this.prefix}${key}`, value);
    return value;
  }

  /** A number of layers: loops run over it before the weights are looked at. */
  layers(key: string): number {
    const value = this.number(key);
    if (!Number.isSafeInteger(value) || value > mostLayers)
      throw this.error(`expected a whole number of 1 to ${mostLayers} for ${this.prefix}${key}`, value);
    return value;
  }

  optional(key: string): number | undefined {
    return this.get(key) === undefined ? undefined : this.number(key);
  }

  object(key: string): ConfigReader | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw this.error(`expected an object for ${key}`, value);
    return new ConfigReader(value as Fields, this.path);
  }

  /** The field may be absent or one of `allowed`: with another value the model computes what our graph does not. */
  only(key: string, ...allowed: readonly unknown[]): void {
    const value = this.get(key);
    if (value === undefined || allowed.includes(value)) return;
    const expected = allowed.length ? allowed.join(' or ') : 'none';
    throw new ColeError(
      'ERR_MODEL',
      `expected ${expected} for ${this.prefix}${key} in ${this.path}, got ${JSON.stringify(value)}: not supported`,
    );
  }

  /** Like `only`, but the field must be there: the default is another. */
  must(key: string, ...allowed: readonly unknown[]): void {
    if (this.get(key) === undefined)
      throw this.error(`expected ${allowed.join(' or ')} for ${this.prefix}${key}`, 'none');
    this.only(key, ...allowed);
  }

  error(expected: string, got: unknown): ColeError {
    return new ColeError(
      'ERR_MODEL',
      `${expected} in ${this.path}, got ${typeof got === 'object' ? JSON.stringify(got) : String(got)}`,
    );
  }
}

/** The sizes that all GGUF files name alike. */
export function ggufSizes(metadata: ConfigReader) {
  const tokens = metadata.fields['tokenizer.ggml.tokens'];
  return {
    layers: metadata.layers('block_count'),
    hidden: metadata.number('embedding_length'),
    heads: metadata.number('attention.head_count'),
    intermediate: metadata.number('feed_forward_length'),
    vocabulary: metadata.number('vocab_size', Array.isArray(tokens) ? tokens.length : undefined),
    positions: metadata.number('context_length'),
  };
}
