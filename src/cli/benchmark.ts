/** The table that commands use where the user gives none. */
export const embedded = { name: 'nas-bench-201-digits', metric: 'val_accuracy', testMetric: 'test_accuracy' } as const;
