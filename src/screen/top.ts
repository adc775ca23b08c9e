/**
 * The best rows of a stream, each architecture once. What is kept does not depend on the order in which rows come: rows are
 * ordered by score, then by key, and of rows that compute the same the first in that order counts.
 */
export interface ScreenedRow {
  /** Exact identity, or the name of a text. */
  readonly key: string;
  /** Equal for architectures that compute the same. */
  readonly identity: string;
  /** Printed; absent where texts were screened. */
  readonly arch?: string;
  /** Of the last stage, with the spread of its ensemble. */
  readonly score: number;
  readonly std: number;
  /** Of the first stage of a cascade. */
  readonly first?: number;
}

/** Negative where `a` comes first. */
export function compareRows(a: Pick<ScreenedRow, 'key' | 'score'>, b: Pick<ScreenedRow, 'key' | 'score'>): number {
  if (a.score !== b.score) return b.score - a.score;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

export class TopRows {
  readonly #size: number;
  #rows: ScreenedRow[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Best first. */
  get rows(): readonly ScreenedRow[] {
    return this.#rows;
  }

  /** Those of `rows` that `add` would not pass over at once. */
  hopeful(rows: readonly ScreenedRow[]): readonly ScreenedRow[] {
    const last = this.#rows.length === this.#size ? this.#rows.at(-1) : undefined;
    return last === undefined ? rows : rows.filter((row) => compareRows(row, last) < 0);
  }

  /** Adds many rows at once: sorting them together costs less than placing each. */
  add(rows: readonly ScreenedRow[]): void {
    const hopeful = this.hopeful(rows);
    if (hopeful.length === 0) return;
    const seen = new Set<string>();
    this.#rows = [...this.#rows, ...hopeful]
      .sort(compareRows)
      .filter(({ identity }) => !seen.has(identity) && seen.add(identity))
      .slice(0, this.#size);
  }
}
