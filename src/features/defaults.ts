/** What `--features code` means unless told otherwise. */
export const codeDefaults = Object.freeze({
  style: 'nested',
  model: 'smollm2-135m',
  pooling: 'avg_avg',
  scaling: 'none',
} as const);
