/** What a vector depends on beside its text, as hashes: one for the vectors of an embedder, one for where they are cached. */
import { createHash } from 'node:crypto';
import { graphVersion } from './store/convert.js';
import type { OpenedModel } from './store/open.js';
import { quantizationVersion } from './store/precisions.js';
import type { EmbedderOptions, Pooling } from './types.js';

export interface Identity {
  /** Of the vectors. A limit that only refuses texts changes none. */
  readonly whole: string;
  /** Of those of texts that fit, which are the same whatever is done to longer ones. */
  readonly fitting: string;
}

export function identityOf(
  { manifest, tokenizer, precision }: OpenedModel,
  pooling: Pooling,
  { embeddingLayer, specialTokens, echo, onLong }: Omit<EmbedderOptions, 'pooling'>,
  limit: number,
): Identity {
  const parts = {
    graph: graphVersion,
    weights: manifest.weightsSha256,
    config: manifest.config,
    tokenizer: tokenizer.identity,
    specialTokens,
    pooling,
    // Absent where they are as they always were: vectors that are there stay known.
    ...(!embeddingLayer && pooling === 'avg_avg' && { embeddingLayer }),
    precision,
    // Not the hash of the bytes: on another instruction set a channel may be evened out by another power of two.
    ...(precision !== 'float32' && { quantized: quantizationVersion }),
    truncatedTo: null,
    ...(echo && { echo }),
  };
  const hash = (value: object) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
  const fitting = hash(parts);
  return { fitting, whole: onLong === 'error' ? fitting : hash({ ...parts, [onLong]: limit }) };
}
