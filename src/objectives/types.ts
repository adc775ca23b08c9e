/** What an evaluation of one architecture gave. */
export type Outcome =
  | { readonly status: 'ok'; readonly metrics: Readonly<Record<string, number>>; readonly seconds?: number }
  /** Not in the table, or its value is missing: counted and reported, never evaluated twice. */
  | { readonly status: 'miss'; readonly reason: string };

export interface Objective {
  readonly name: string;
  /** Metric names that `evaluate` reports. */
  readonly metrics: readonly string[];
  /** Outcomes in the order of `archs` (printed architectures). */
  evaluate(archs: readonly string[]): Promise<Outcome[]>;
}
