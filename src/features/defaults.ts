/** What `--features code` means unless told otherwise. */
import type { Pooling } from '../lm/types.js';
import type { Scaling } from './scaling.js';

export const codeDefaults: Readonly<{ style: string; model: string; pooling: Pooling; scaling: Scaling }> =
  Object.freeze({
    style: 'nested',
    model: 'smollm2-135m',
    pooling: 'avg_avg',
    scaling: 'none',
  });
