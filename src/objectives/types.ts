/** What an evaluation of one architecture gave. Only `ok` is trained on; the others are never asked for again. */
export type Outcome =
  | {
      readonly status: 'ok';
      readonly metrics: Readonly<Record<string, number>>;
      /** What the evaluation cost, in the unit of whoever gave it. */
      readonly cost?: number;
    }
  /** Not in the table, or its value is missing: counted and reported, never evaluated twice. */
  | { readonly status: 'miss'; readonly reason: string }
  /** The program says that there is nothing to train, or a value is not a number: trying again would change nothing. */
  | { readonly status: 'invalid'; readonly reason: string }
  /** No answer, however often it was tried. */
  | { readonly status: 'failed'; readonly reason: string };

export interface Objective {
  readonly name: string;
  /** Metric names that `evaluate` reports. */
  readonly metrics: readonly string[];
  /** Outcomes in the order of `archs` (printed architectures). */
  evaluate(archs: readonly string[]): Promise<Outcome[]>;
}
