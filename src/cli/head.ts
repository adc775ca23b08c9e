/**
 * Head files: a fitted surrogate together with the identity of the embeddings it was fitted on, so that it is never asked
 * about vectors of another language model or another text.
 */
import { ColeError, type Matrix, matrix, row } from '../base/index.js';
import type { FittedSurrogate } from '../index.js';

/** Of `--head`. */
export const headHelp =
  'mlp, ridge (linear), gp (Gaussian process), xgboost (its library must be there) or perceiver (layers)';

const identityName = 'embeddings';
const metricName = 'metric';

export interface Head {
  readonly fitted: FittedSurrogate;
  readonly metric: string;
  /** Identity of the embeddings; see `identityOf`. */
  readonly identity: string;
}

/** Metadata of an embedding file for people: settings, counts and version. */
export const aboutName = 'about';

/** What makes two embedding files comparable: all of their other metadata, whatever the order. */
export function identityOf(metadata: Readonly<Record<string, string>>): string {
  const parts = Object.entries(metadata).filter(([name]) => name !== aboutName);
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export async function headToFile(head: Head): Promise<Uint8Array> {
  const { arraysToFile, fileToArrays } = await import('../index.js');
  const { arrays, metadata } = fileToArrays('the head', head.fitted.serialize());
  return arraysToFile({ arrays, metadata: { ...metadata, [identityName]: head.identity, [metricName]: head.metric } });
}

export async function fileToHead(path: string, bytes: Uint8Array, threads: number | undefined): Promise<Head> {
  const { fileToArrays, loadSurrogate } = await import('../index.js');
  const notOne = (cause?: unknown) =>
    new ColeError('ERR_DATA', `expected a head that cole fit wrote at ${path}, got another file`, { cause });
  let metadata: Readonly<Record<string, string>>;
  try {
    ({ metadata } = fileToArrays(path, bytes));
  } catch (cause) {
    throw notOne(cause);
  }
  const identity = metadata[identityName];
  const metric = metadata[metricName];
  if (identity === undefined || metric === undefined) throw notOne();
  return { fitted: loadSurrogate(bytes, threads), metric, identity };
}

/** Some rows of a matrix, in the order asked for. */
export function rowsOf(from: Matrix, rows: readonly number[]): Matrix {
  const out = matrix(rows.length, from.cols);
  rows.forEach((index, i) => {
    out.data.set(row(from, index), i * from.cols);
  });
  return out;
}
