import { spaceFamily } from '../spaces/index.js';
import type { Scaling } from './scaling.js';

/**
 * What `--features code` means unless told otherwise: what ranked best on nas-bench-201-digits with 14 to 879 known values
 * (`cole bench features`; docs/results.md has the tables). With all-minilm-l6-v2 the forms paths, nested and statements, the
 * poolings avg_avg, mean and last_token and the scalings none, zscore and l2 were tried, with smollm2-135m the form nested.
 * `paths` is level with `nested` up to 150 values and .006 to .009 of tau ahead at 220 and 879; MiniLM is ahead of SmolLM2
 * up to about 50 values and .02 behind from 220 on, at a sixth of the cost. SmolLM2 needs `zscore`: without it a few huge
 * dimensions lead the principal components and cost .15 of tau at 14 values.
 */
export const codeDefaults = Object.freeze({
  style: 'paths',
  model: 'all-minilm-l6-v2',
  pooling: 'avg_avg',
  scaling: 'none',
} as const);

/**
 * Scaling of the embeddings of `model` where they are the only features. Causal models have a few hidden dimensions that
 * dwarf the rest: with smollm2-135m, z-scores rank better by 0.16 (tau at 14 values) down to 0.01 (at 879).
 */
export function codeScaling(model: string): Scaling {
  return model === codeDefaults.model ? codeDefaults.scaling : 'zscore';
}

/** Form of the text that `code` and `ngrams` read in a space, unless told otherwise. */
export function defaultStyle(space: string): string {
  return spaceFamily(space) === 'einspace' ? 'nested' : codeDefaults.style;
}
