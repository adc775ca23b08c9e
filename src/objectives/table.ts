/**
 * A benchmark on disk: architectures with known values of one or several metrics. Rows are keyed by the printed form of
 * the parsed architecture, so that spellings of one architecture meet; lookups are O(1).
 */
import { ColeError, nearest } from '../base/index.js';
import type { Space } from '../spaces/index.js';

/** Columns as a reader delivers them, before any check. */
export interface RawTable {
  /** File or benchmark name, for messages and reports. */
  readonly name: string;
  readonly description?: string;
  /** sha256 of the bytes it was read from. */
  readonly hash: string;
  readonly archs: readonly string[];
  /** Values of each metric; undefined where the file has none. NaN is an error when the metric is used. */
  readonly columns: ReadonlyMap<string, readonly (number | undefined)[]>;
  /** How a row is called in messages, such as `line 7`. */
  readonly rowName: (row: number) => string;
}

export class Table {
  readonly name: string;
  readonly description: string | undefined;
  readonly hash: string;
  /** Distinct architectures, printed, in the order of their first row. */
  readonly archs: readonly string[];
  readonly metrics: readonly string[];
  readonly #rowOf = new Map<string, number>();
  readonly #raw: RawTable;
  readonly #checked = new Set<string>();
  readonly #copies: readonly (readonly [first: number, copy: number])[];

  /** Throws ERR_DATA for a table without rows or metrics and ERR_INPUT for an architecture that the space cannot parse. */
  constructor(raw: RawTable, space: Space<unknown>) {
    if (raw.archs.length === 0)
      throw new ColeError('ERR_DATA', `expected architectures in table ${raw.name}, got no row`);
    if (raw.columns.size === 0)
      throw new ColeError('ERR_DATA', `expected a column of numbers beside arch in table ${raw.name}, got none`);
    this.name = raw.name;
    this.description = raw.description;
    this.hash = raw.hash;
    this.metrics = [...raw.columns.keys()];
    this.#raw = raw;
    const copies: [number, number][] = [];
    raw.archs.forEach((text, row) => {
      const arch = canonical(text, space, raw, row);
      const first = this.#rowOf.get(arch);
      if (first === undefined) this.#rowOf.set(arch, row);
      else copies.push([first, row]);
    });
    this.#copies = copies;
    this.archs = [...this.#rowOf.keys()];
  }

  /**
   * A lookup in the column `metric`: the value of a printed architecture, or undefined where the table has none.
   * Throws ERR_OPTION for an unknown metric (naming the nearest) and ERR_DATA for a value that is not finite and for rows
   * of one architecture that disagree. The column is checked once.
   */
  metric(metric: string): (arch: string) => number | undefined {
    const column = this.#raw.columns.get(metric);
    if (!column) {
      const near = nearest(metric, this.metrics);
      throw new ColeError(
        'ERR_OPTION',
        `expected one of ${this.metrics.join(', ')} as metric of table ${this.name}, got ${metric}${near ? `; did you mean ${near}?` : ''}`,
      );
    }
    if (!this.#checked.has(metric)) this.#check(metric, column);
    return (arch) => {
      const row = this.#rowOf.get(arch);
      return row === undefined ? undefined : column[row];
    };
  }

  value(arch: string, metric: string): number | undefined {
    return this.metric(metric)(arch);
  }

  /** Architectures that have a value of a metric, in the order of their first row. */
  known(metric: string): string[] {
    const value = this.metric(metric);
    return this.archs.filter((arch) => value(arch) !== undefined);
  }

  /** Largest value of a metric. */
  best(metric: string): number {
    const value = this.metric(metric);
    let best = Number.NEGATIVE_INFINITY;
    for (const arch of this.archs) best = Math.max(best, value(arch) ?? best);
    if (best === Number.NEGATIVE_INFINITY)
      throw new ColeError('ERR_DATA', `expected values of ${metric} in table ${this.name}, got none`);
    return best;
  }

  #check(metric: string, column: readonly (number | undefined)[]): void {
    const { archs, rowName, name } = this.#raw;
    column.forEach((value, row) => {
      if (value !== undefined && !Number.isFinite(value))
        throw new ColeError(
          'ERR_DATA',
          `expected a number as ${metric} of ${archs[row]} (${rowName(row)} of ${name}), got ${value}`,
        );
    });
    for (const [first, copy] of this.#copies) {
      if (column[first] === column[copy]) continue;
      const shown = (row: number) => `${column[row] ?? 'nothing'} (${rowName(row)})`;
      throw new ColeError(
        'ERR_DATA',
        `expected one value of ${metric} for ${archs[first]} in ${name}, got ${shown(first)} and ${shown(copy)}`,
      );
    }
    this.#checked.add(metric);
  }
}

function canonical(text: string, space: Space<unknown>, raw: RawTable, row: number): string {
  try {
    return space.print(space.parse(text));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ColeError('ERR_INPUT', `${raw.rowName(row)} of ${raw.name}: ${why}`, { cause });
  }
}
