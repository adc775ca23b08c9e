/**
 * Imports a model on disk: a GGUF file or a Hugging Face folder (config.json, weights in safetensors, tokenizer.json) becomes
 * a folder of weights, tokenizer and manifest.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, ioError, makeFolder, writeFileAtomic } from '../../base/index.js';
import { configOfGguf, configOfHuggingFace } from '../families/config.js';
import { ConfigReader } from '../families/fields.js';
import type { ModelConfig } from '../families/model.js';
import { ggufParts, openGguf } from '../formats/gguf.js';
import { openWeightFiles } from '../formats/shards.js';
import type { TensorSource } from '../formats/source.js';
import type { WeightTable } from '../onnx/graph.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { conversionVersion, convertWeights, weightsName } from './convert.js';
import { type ModelManifest, manifestName } from './manifest.js';
import { folderOf, openReady } from './ready.js';
import { sha256Of } from './wheel.js';

export type Provenance = Pick<ModelManifest, 'name' | 'description' | 'license' | 'source'>;

/** Writes the model at `path` into `folder`, which is nobody's until its manifest, the last file, is there. */
export async function importModel(
  path: string,
  folder: string,
  provenance: (license: string) => Provenance,
): Promise<ModelManifest> {
  makeFolder(folder);
  const foreign = await openForeign(path, folder);
  try {
    const { vocabulary, license } = foreign;
    const { tokenizer, file } = await foreign.tokenizer();
    // A token past the table would read foreign memory's row; the other way round (padding rows) is common and harmless.
    if (tokenizer.vocabularySize > vocabulary)
      throw new ColeError(
        'ERR_MODEL',
        `expected a tokenizer of at most ${vocabulary} tokens for ${path}, got ${tokenizer.vocabularySize}`,
      );
    const sourceSha256 = await hashOfFiles(foreign.weightsPaths);
    const { config, table, bytes, sha256 } = await foreign.convert();
    const manifest: ModelManifest = {
      version: conversionVersion,
      ...provenance(license),
      sourceSha256,
      config,
      weights: table,
      weightsBytes: bytes,
      weightsSha256: sha256,
      tokenizer: file,
      tokenizerSha256: await sha256Of(createReadStream(join(folder, file))),
    };
    await writeFileAtomic(join(folder, manifestName), `${JSON.stringify(manifest, null, 1)}\n`);
    return manifest;
  } finally {
    await foreign.close();
  }
}

/** Of one file its own hash, of several that of their hashes. */
async function hashOfFiles(paths: readonly string[]): Promise<string> {
  const hashes: string[] = [];
  for (const path of paths) hashes.push(await sha256Of(createReadStream(path, { highWaterMark: 1 << 20 })));
  return hashes.length === 1 ? hashes[0]! : createHash('sha256').update(hashes.join('\n')).digest('hex');
}

interface Foreign {
  /** Tokens that the model has rows for. */
  readonly vocabulary: number;
  readonly weightsPaths: readonly string[];
  readonly license: string;
  /** Copies what the tokenizer is made of, and makes it. */
  tokenizer(): Promise<{ tokenizer: Tokenizer; file: ModelManifest['tokenizer'] }>;
  /** Writes the weights. */
  convert(): Promise<{ config: ModelConfig; table: WeightTable; bytes: number; sha256: string }>;
  close(): Promise<void>;
}

async function openForeign(path: string, folder: string): Promise<Foreign> {
  const found = await stat(path).catch((cause) => {
    throw new ColeError('ERR_MODEL', `expected a GGUF or ONNX file or a model folder at ${path}, got nothing there`, {
      cause,
    });
  });
  if (found.isDirectory()) return openFolder(path, folder);
  return path.endsWith('.onnx') ? openOnnx(path, folder) : openFile(path, folder);
}

/** The weights of `config` out of `tensors`. */
function converted(config: ModelConfig, tensors: TensorSource, folder: string): Pick<Foreign, 'convert' | 'close'> {
  return {
    convert: async () => ({ config, ...(await convertWeights(config, tensors, folder)) }),
    close: () => tensors.close(),
  };
}

async function openFile(path: string, folder: string): Promise<Foreign> {
  const tensors = await openGguf(path);
  const { metadata } = tensors;
  const config = configOfGguf(metadata, path);
  return {
    ...converted(config, tensors, folder),
    vocabulary: config.vocabulary,
    weightsPaths: ggufParts(path),
    license: typeof metadata['general.license'] === 'string' ? metadata['general.license'] : 'unknown',
    tokenizer: async () => {
      const file = 'vocabulary.json';
      const kept = Object.entries(metadata).filter(([key]) => key.startsWith('tokenizer.ggml.'));
      const text = JSON.stringify(Object.fromEntries(kept), (_, value) =>
        typeof value === 'bigint' ? Number(value) : value,
      );
      await writeFileAtomic(join(folder, file), text);
      return { tokenizer: loadTokenizer({ gguf: JSON.parse(text) as Record<string, unknown> }), file };
    },
  };
}

async function openFolder(path: string, folder: string): Promise<Foreign> {
  const configPath = join(path, 'config.json');
  const config = configOfHuggingFace(await readDescription(configPath), configPath);
  const { tensors, paths } = await openWeightFiles(path);
  return {
    ...converted(config, tensors, folder),
    vocabulary: config.vocabulary,
    weightsPaths: paths,
    license: 'unknown',
    tokenizer: () => copyTokenizer(path, folder),
  };
}

async function openOnnx(path: string, folder: string): Promise<Foreign> {
  const beside = await folderOf(path);
  const configPath = join(beside, 'config.json');
  const fields = await readDescription(configPath);
  const model = await openReady(path, new ConfigReader(fields, configPath));
  return {
    vocabulary: model.config.vocabulary,
    weightsPaths: [path, ...model.dataPaths],
    license: 'unknown',
    tokenizer: () => copyTokenizer(beside, folder),
    convert: async () => ({ ...(await model.convert(folder)), table: { file: weightsName, tensors: {} } }),
    close: async () => {},
  };
}

async function readDescription(path: string): Promise<Record<string, unknown>> {
  let fields: unknown;
  try {
    fields = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ColeError('ERR_MODEL', `expected a JSON file at ${path}, but ${(cause as Error).message}`, { cause });
  }
  if (typeof fields === 'object' && fields !== null) return fields as Record<string, unknown>;
  throw new ColeError('ERR_MODEL', `expected an object in ${path}, got ${String(fields)}`);
}

async function copyTokenizer(from: string, folder: string): Promise<Awaited<ReturnType<Foreign['tokenizer']>>> {
  const file = 'tokenizer.json';
  const path = join(from, file);
  try {
    await copyFile(path, join(folder, file));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError(join(folder, file), cause);
    throw new ColeError('ERR_MODEL', `expected the tokenizer at ${path}, got no such file`, { cause });
  }
  return { tokenizer: loadTokenizer({ json: await readFile(path) }), file };
}
