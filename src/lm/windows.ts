/**
 * From texts to what the model reads of them, window by window. A text that fits is one window. A longer one is refused, cut
 * on the right (its special tokens stay), or split: its own tokens in order, as many to a window as fit, the last window with
 * what is left, special tokens around each.
 */
import { ColeError } from '../base/index.js';
import type { Sequences } from './batches.js';
import { echoed, secondCopies } from './echo.js';
import type { EncodedBatch, Tokenizer } from './tokenizer/index.js';
import { truncate } from './tokenizer/truncate.js';
import { isTokens, requireTokens, type Texts } from './tokens.js';
import type { EmbedderOptions } from './types.js';

export interface ReadTexts extends EncodedBatch {
  /** Places of the texts over the limit. */
  readonly long: Int32Array;
  /** Windows that they are split into, if they are. */
  readonly windows: number;
}

export interface Windows extends Sequences {
  /** Text i of those asked for has the windows firsts[i] <= w < firsts[i + 1]. */
  readonly firsts: Int32Array;
}

type Options = Pick<EmbedderOptions, 'onLong' | 'specialTokens' | 'echo' | 'threads'>;

export class TextReader {
  readonly #before: number;
  readonly #after: number;

  /** `limit`: tokens of a window, special ones included. */
  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly limit: number,
    private readonly options: Options,
  ) {
    this.#before = tokenizer.prefix.length;
    this.#after = tokenizer.suffix.length;
    const around = this.#before + this.#after;
    if (!options.specialTokens && around === 0)
      throw new ColeError(
        'ERR_OPTION',
        'expected specialTokens true for a model whose tokenizer puts no special tokens around a text, got false',
      );
    if (options.onLong !== 'error' && limit <= around)
      throw new ColeError(
        'ERR_OPTION',
        `expected more than the ${around} special tokens for maxTokens with onLong ${options.onLong}, got ${limit}`,
      );
  }

  /**
   * Token ids of each text, doubled for echo and cut where that is asked for. Throws ERR_LENGTH, with the name of the text;
   * ERR_INPUT for ids that are not the tokenizer's, ERR_OPTION for ids where echo needs texts.
   */
  read(texts: Texts, nameOf: (index: number) => string): ReadTexts {
    const { onLong } = this.options;
    const read = isTokens(texts) ? this.#taken(texts, nameOf) : this.#encoded(texts, nameOf);
    const { offsets } = read;
    const long = onLong === 'truncate' ? (read.truncated ?? new Int32Array()) : this.#longerOnes(offsets);
    const special = this.options.specialTokens ? 0 : this.#before + this.#after;
    for (let i = 0; i + 1 < offsets.length; i++)
      if (offsets[i + 1]! - offsets[i]! <= special) throw emptyText(nameOf(i));
    if (long.length > 0 && onLong === 'error') throw this.#tooLong(offsets, long, nameOf);
    return { ids: read.ids, offsets, long, windows: onLong === 'chunk' ? this.#windowsOf(offsets, long) : 0 };
  }

  #encoded(texts: readonly string[], nameOf: (index: number) => string): EncodedBatch {
    const { onLong, echo, threads } = this.options;
    const empty = echo ? texts.indexOf('') : -1;
    if (empty >= 0) throw emptyText(nameOf(empty));
    return this.tokenizer.encode(echo ? texts.map(echoed) : texts, {
      threads,
      ...(onLong === 'truncate' && { maxTokens: this.limit }),
    });
  }

  #taken(tokens: EncodedBatch, nameOf: (index: number) => string): EncodedBatch {
    if (this.options.echo)
      throw new ColeError('ERR_OPTION', 'expected texts for echo, which writes each of them twice, got token ids');
    requireTokens(this.tokenizer, tokens, nameOf);
    if (this.options.onLong !== 'truncate') return tokens;
    return truncate(tokens, this.limit, this.#before + this.#after, this.#after);
  }

  /** What the model reads for `indices` of the texts that were read. */
  windows(
    texts: readonly string[],
    { ids, offsets }: ReadTexts,
    indices: readonly number[],
    nameOf: (index: number) => string,
  ): Windows {
    const { tokenizer, limit } = this;
    const most = this.#most;
    const { specialTokens, echo, threads } = this.options;
    const [before, after] = [this.#before, this.#after];
    const starts = echo ? secondCopies(tokenizer, texts, { ids, offsets }, indices, threads) : undefined;
    const firsts = new Int32Array(indices.length + 1);
    const parts: Int32Array[] = [];
    indices.forEach((index, at) => {
      const [from, to] = [offsets[index]!, offsets[index + 1]!];
      if (to - from <= limit) parts.push(ids.subarray(from, to));
      else
        for (let start = from + before; start < to - after; start += most) {
          const own = ids.subarray(start, Math.min(start + most, to - after));
          const window = new Int32Array(before + own.length + after);
          window.set(tokenizer.prefix);
          window.set(own, before);
          window.set(tokenizer.suffix, before + own.length);
          parts.push(window);
        }
      firsts[at + 1] = parts.length;
    });
    const windows = joined(parts);
    const counted = new Int32Array(2 * parts.length);
    parts.forEach((part, window) => {
      counted[2 * window] = specialTokens ? 0 : before;
      counted[2 * window + 1] = part.length - (specialTokens ? 0 : after);
    });
    // With echo every text is one window.
    starts?.forEach((start, at) => {
      if (start >= parts[at]!.length - after) throw emptyText(nameOf(indices[at]!));
      counted[2 * at] = start;
    });
    return { ...windows, counted, firsts };
  }

  /** Own tokens of a window. */
  get #most(): number {
    return this.limit - this.#before - this.#after;
  }

  #windowsOf(offsets: Int32Array, long: Int32Array): number {
    const own = (index: number) => offsets[index + 1]! - offsets[index]! - this.#before - this.#after;
    return long.reduce((sum, index) => sum + Math.ceil(own(index) / this.#most), 0);
  }

  #longerOnes(offsets: Int32Array): Int32Array {
    const places: number[] = [];
    for (let i = 0; i + 1 < offsets.length; i++) if (offsets[i + 1]! - offsets[i]! > this.limit) places.push(i);
    return Int32Array.from(places);
  }

  #tooLong(offsets: Int32Array, long: Int32Array, nameOf: (index: number) => string): ColeError {
    const tokens = (index: number) => offsets[index + 1]! - offsets[index]!;
    const longest = long.reduce((best, index) => (tokens(index) > tokens(best) ? index : best));
    const others = long.length > 1 ? `, the longest of ${long.length} longer ones` : '';
    const twice = this.options.echo ? ', written twice for echo' : '';
    const name = `${nameOf(longest)}${twice}${others}`;
    return new ColeError('ERR_LENGTH', `expected at most ${this.limit} tokens in ${name}, got ${tokens(longest)}`);
  }
}

function emptyText(name: string): ColeError {
  return new ColeError('ERR_LENGTH', `expected at least one token that counts in ${name}, got none: it is empty`);
}

function joined(parts: readonly Int32Array[]): EncodedBatch {
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, at) => {
    offsets[at + 1] = offsets[at]! + part.length;
  });
  const ids = new Int32Array(offsets.at(-1)!);
  parts.forEach((part, at) => {
    ids.set(part, offsets[at]);
  });
  return { ids, offsets };
}
