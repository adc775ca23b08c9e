/** What the store knows of a model's weights in another precision: a manifest beside them, written last. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError } from '../../base/index.js';
import type { WeightTable } from '../onnx/graph.js';
import type { Precision } from '../types.js';
import type { ModelManifest } from './manifest.js';

export type QuantizedPrecision = Exclude<Precision, 'float32'>;

/** Made of the float32 weights. */
export const precisions: Readonly<Record<QuantizedPrecision, true>> = { int8: true, int4: true };

/** Raised when the weights of a precision, or what is computed with them, change: those of another version are not seen. */
export const quantizationVersion = 2;

/**
 * How near the vectors are to those of float32: cosines between the two, each with the mean over the texts of its group
 * taken off. (Vectors of similar texts are mostly that mean, and their plain cosine is near 1 whatever happens.)
 */
export interface Agreement {
  /** Of the group where it is lowest. */
  readonly median: number;
  /** Of all texts. */
  readonly worst: number;
  readonly groups: Readonly<
    Record<string, { readonly texts: number; readonly median: number; readonly worst: number }>
  >;
}

export interface PrecisionManifest {
  readonly version: number;
  /** Hash of the float32 weights that these were made from. */
  readonly from: string;
  readonly weights: WeightTable;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly agreement: Agreement;
}

export function precisionManifest(
  { weightsSha256 }: ModelManifest,
  made: Omit<PrecisionManifest, 'version' | 'from'>,
): PrecisionManifest {
  return { version: quantizationVersion, from: weightsSha256, ...made };
}

export const precisionPath = (folder: string, precision: QuantizedPrecision) => join(folder, `${precision}.json`);

/** Undefined where there are none of this version, made from these weights. */
export async function readPrecision(
  folder: string,
  { weightsSha256 }: ModelManifest,
  precision: QuantizedPrecision,
): Promise<PrecisionManifest | undefined> {
  const path = precisionPath(folder, precision);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new ColeError('ERR_IO', `expected to read ${path}, but ${cause.message}`, { cause });
  });
  if (text === undefined) return undefined;
  let made: PrecisionManifest;
  try {
    made = JSON.parse(text) as PrecisionManifest;
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected JSON in ${path}; remove the file and make the precision again`, {
      cause,
    });
  }
  return made.version === quantizationVersion && made.from === weightsSha256 ? made : undefined;
}
