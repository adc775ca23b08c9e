/**
 * Scores of a chunk that is not done, on disk as they come: a kill in the middle of a chunk costs what was scored since the
 * last line. Whoever does the chunk again scores the rest; scores are the same bits in whatever company they are computed.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { ioError } from '../base/index.js';
import type { Item } from './items.js';

/** A chunk of features that cost little is done sooner, and leaves no file. */
const secondsApart = 0.25;

interface PartLine {
  /** Hash of what is scored, in its order: another table, build or number of draws may have other items in the chunk. */
  readonly of: string;
  /** Means, then deviations, of the items after those of the lines before: the bytes of doubles in base64. */
  readonly scores: string;
  /** That all scores so far took. */
  readonly seconds: number;
}

export function partPath(directory: string, chunk: number): string {
  return join(directory, `chunk-${chunk}.part`);
}

/** Those of chunks that were journalled just before a kill. */
export function removeParts(directory: string): void {
  for (const name of readdirSync(directory))
    if (/^chunk-\d+\.part$/.test(name)) rmSync(join(directory, name), { force: true });
}

export class Part {
  readonly #path: string;
  readonly #items: readonly Item[];
  #of: string | undefined;
  #rows = 0;
  #secondsBefore = 0;
  readonly #begun = performance.now();
  #written = this.#begun;

  constructor(path: string, items: readonly Item[]) {
    this.#path = path;
    this.#items = items;
  }

  /** What the scores that were read had taken. */
  get secondsBefore(): number {
    return this.#secondsBefore;
  }

  /** Fills in the scores of the first items, as many as there are on disk, and returns how many. */
  read(mean: Float64Array, std: Float64Array): number {
    if (!existsSync(this.#path)) return 0;
    try {
      const bytes = readFileSync(this.#path);
      let end = 0;
      for (let next = bytes.indexOf(0x0a) + 1; next > 0; next = bytes.indexOf(0x0a, next) + 1) {
        const line = this.#line(bytes.subarray(end, next).toString());
        const rows = (line?.scores.length ?? 0) / 2;
        if (line === undefined || this.#rows + rows > mean.length) break;
        const { scores, seconds } = line;
        mean.set(scores.subarray(0, rows), this.#rows);
        std.set(scores.subarray(rows), this.#rows);
        this.#rows += rows;
        this.#secondsBefore = seconds;
        end = next;
      }
      truncateSync(this.#path, end);
    } catch (error) {
      throw ioError(this.#path, error);
    }
    return this.#rows;
  }

  /** `rows` items have scores now. */
  write(mean: Float64Array, std: Float64Array, rows: number): void {
    if (performance.now() - this.#written < 1000 * secondsApart) return;
    const fresh = [mean, std].map((each) => each.subarray(this.#rows, rows));
    const doubles = Float64Array.from([...fresh[0]!, ...fresh[1]!]);
    const line: PartLine = {
      of: this.#hash(),
      scores: Buffer.from(doubles.buffer).toString('base64'),
      seconds: this.#secondsBefore + (performance.now() - this.#begun) / 1000,
    };
    try {
      appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw ioError(this.#path, error);
    }
    this.#rows = rows;
    this.#written = performance.now();
  }

  /** Undefined where the line is damaged or of other items. */
  #line(text: string): { readonly scores: Float64Array; readonly seconds: number } | undefined {
    try {
      const { of, scores, seconds } = JSON.parse(text) as PartLine;
      const bytes = Uint8Array.from(Buffer.from(scores, 'base64'));
      if (of !== this.#hash() || bytes.length % 16 !== 0 || !(seconds >= 0)) return undefined;
      return { scores: new Float64Array(bytes.buffer), seconds };
    } catch {
      return undefined;
    }
  }

  #hash(): string {
    this.#of ??= createHash('sha256')
      .update(JSON.stringify(this.#items.map(({ identity }) => identity)))
      .digest('hex');
    return this.#of;
  }
}
