/** The table that commands use where the user gives none, and what is said of those that a user gives. */
export const embedded = { name: 'nas-bench-201-digits', metric: 'val_accuracy', testMetric: 'test_accuracy' } as const;

/** Of `--table`. */
export const tableHelp = 'CSV, JSON lines (.jsonl) or Arrow file with a column arch and columns of numbers';

/** Metrics of the tables that are part of cole; a table of the user's has to be told. */
export function metricsOf(benchmark: string | undefined): { metric?: string; testMetric?: string } {
  return benchmark === undefined ? {} : { metric: embedded.metric, testMetric: embedded.testMetric };
}
