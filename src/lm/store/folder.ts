/** Where models and embeddings are kept: COLE_HOME, or the user's cache folder. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseBytes } from '../../base/index.js';

export function dataRoot(): string {
  const { COLE_HOME, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (COLE_HOME) return COLE_HOME;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'cole');
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'cole');
  return join(homedir(), '.cache', 'cole');
}

export function modelsFolder(): string {
  return join(dataRoot(), 'models');
}

/** Default folder of the embedding cache. */
export function embeddingsFolder(): string {
  return join(dataRoot(), 'embeddings');
}

/** Bound on the embedding cache of all models, in bytes: COLE_CACHE_LIMIT, else 20 GB. */
export function defaultCacheLimit(): number {
  return parseBytes(process.env.COLE_CACHE_LIMIT || '20GB', 'COLE_CACHE_LIMIT');
}
