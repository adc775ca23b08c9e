/** Opens a model of the store: checks that its files are there and loads its tokenizer. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, pickNamed, writeFileAtomic } from '../../base/index.js';
import type { GraphOptions } from '../families/poolings.js';
import { bytesOf, type WeightTable } from '../onnx/graph.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/index.js';
import type { Precision } from '../types.js';
import { graphBytes, weightsName } from './convert.js';
import { modelsFolder } from './folder.js';
import { type ModelManifest, readManifest } from './manifest.js';
import { refuseLargerThanMemory } from './memory.js';
import { type PrecisionManifest, precisions, type QuantizedPrecision, readPrecision } from './precisions.js';
import { skeletonName } from './ready.js';
import { showModel } from './store.js';
import { checkHash } from './wheel.js';

/** A file of weights, checked when it is loaded. */
export interface WeightsFile {
  readonly path: string;
  readonly sha256: string;
  /** What mends a damaged one. */
  readonly remedy: string;
}

export interface OpenedModel {
  readonly manifest: ModelManifest;
  readonly folder: string;
  readonly weightsPath: string;
  readonly tokenizer: Tokenizer;
  readonly precision: Precision;
  /** In this precision, and the files that they lie in. */
  readonly weights: WeightTable;
  readonly files: readonly WeightsFile[];
}

/** A model that is present, with its tokenizer; the content of the weights is checked when they are loaded. */
export async function openModel(name: string, precision: Precision = 'float32'): Promise<OpenedModel> {
  const entry = await showModel(name);
  const manifest = await readManifest(entry.folder);
  if (!manifest)
    throw new ColeError(
      'ERR_MODEL',
      `expected model ${name} in ${modelsFolder()}, got none; get it with: cole models pull ${name}`,
    );
  const { folder } = entry;
  const weightsPath = join(folder, weightsName);
  await requireBytes(weightsPath, manifest.weightsBytes, `remove and pull it again: cole models remove ${name}`);
  const float32 = {
    manifest,
    folder,
    weightsPath,
    tokenizer: await tokenizerIn(folder, manifest),
    precision: 'float32',
    weights: manifest.weights,
    files: [{ path: weightsPath, sha256: manifest.weightsSha256, remedy: 'remove the model and pull it again' }],
  } as const;
  if (precision === 'float32') return float32;
  pickNamed('precision', precisions, precision);
  const command = pullCommand(name, precision);
  const made = await readPrecision(folder, manifest, precision);
  if (!made)
    throw new ColeError(
      'ERR_MODEL',
      `expected ${precision} weights of model ${name}, got none; make them with: ${command}`,
    );
  const path = join(folder, made.file);
  await requireBytes(path, made.bytes, `make it again: ${command}`);
  return { ...float32, precision, ...inPrecision(float32, precision, made) };
}

/** Weights and files of a model in another precision. */
export function inPrecision(
  { manifest, folder, files }: Pick<OpenedModel, 'manifest' | 'folder' | 'files'>,
  precision: QuantizedPrecision,
  { file, weights, sha256 }: Pick<PrecisionManifest, 'file' | 'weights' | 'sha256'>,
): Pick<OpenedModel, 'weights' | 'files'> {
  const remedy = `make it again: ${pullCommand(manifest.name, precision)}`;
  return { weights, files: [...files, { path: join(folder, file), sha256, remedy }] };
}

function pullCommand(name: string, precision: Precision): string {
  return `cole models pull ${name} --precision ${precision}`;
}

async function requireBytes(path: string, bytes: number, remedy: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size === bytes) return;
  throw new ColeError('ERR_DATA', `expected ${bytes} bytes in ${path}, got ${size}; ${remedy}`);
}

/** Path of the graph that gives `options.outputs` from the model's weights. */
export async function graphOf(
  { folder, manifest, precision, weights }: OpenedModel,
  options: GraphOptions,
): Promise<string> {
  const { config, name: model, weightsBytes } = manifest;
  const tensors = Object.values(weights.tensors).reduce((sum, entry) => sum + bytesOf(entry), 0);
  refuseLargerThanMemory(model, precision === 'float32' ? weightsBytes : tensors);
  const bytes = graphBytes(config, weights, options, config.ready && (await skeletonIn(folder, config.ready.sha256)));
  return keepGraph(folder, precision === 'float32' ? '' : `${precision}-`, bytes);
}

/**
 * Path of a graph of these bytes, beside the weights that it names. Its name is that of its content: a process of another
 * version of cole leaves alone what this one may be about to load.
 */
export async function keepGraph(folder: string, prefix: string, bytes: Uint8Array): Promise<string> {
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const path = join(folder, `graph-${prefix}${name}.onnx`);
  const there = await readFile(path).catch(() => undefined);
  if (!there?.equals(bytes)) await writeFileAtomic(path, bytes);
  return path;
}

async function skeletonIn(folder: string, sha256: string): Promise<Uint8Array> {
  const path = join(folder, skeletonName);
  const bytes = await readFile(path).catch((cause) => {
    throw new ColeError('ERR_MODEL', `expected the graph at ${path}, but ${(cause as Error).message}`, { cause });
  });
  checkHash(path, sha256, createHash('sha256').update(bytes).digest('hex'));
  return bytes;
}

async function tokenizerIn(folder: string, manifest: ModelManifest): Promise<Tokenizer> {
  const path = join(folder, manifest.tokenizer);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new ColeError('ERR_MODEL', `expected the tokenizer at ${path}, but ${(cause as Error).message}`, { cause });
  }
  if (manifest.tokenizerSha256 !== undefined)
    checkHash(path, manifest.tokenizerSha256, createHash('sha256').update(bytes).digest('hex'));
  if (manifest.tokenizer === 'tokenizer.json') return loadTokenizer({ json: bytes });
  try {
    return loadTokenizer({ gguf: JSON.parse(bytes.toString('utf8')) as Record<string, unknown> });
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new ColeError('ERR_DATA', `expected JSON in ${path}`, { cause });
    throw cause;
  }
}

/** A tokenizer by the name of a model in the store, or the path of a tokenizer.json. */
export async function tokenizerOf(model: string): Promise<Tokenizer> {
  if (!model.endsWith('.json')) return (await openModel(model)).tokenizer;
  try {
    return loadTokenizer({ json: await readFile(model) });
  } catch (cause) {
    if (cause instanceof ColeError) throw cause;
    throw new ColeError('ERR_VOCAB', `expected a tokenizer.json at ${model}, but ${(cause as Error).message}`, {
      cause,
    });
  }
}
