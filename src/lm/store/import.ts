/**
 * Imports a model on disk: a GGUF file or a Hugging Face folder (config.json, weights in safetensors, tokenizer.json) becomes
 * a folder of weights, tokenizer and manifest.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, ioError, writeFileAtomic } from '../../base/index.js';
import { configOfGguf, configOfHuggingFace } from '../families/config.js';
import type { ModelConfig } from '../families/model.js';
import { openGguf } from '../formats/gguf.js';
import { openWeightFiles } from '../formats/shards.js';
import type { TensorSource } from '../formats/source.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { conversionVersion, convertWeights } from './convert.js';
import { type ModelManifest, manifestName } from './manifest.js';
import { sha256Of } from './wheel.js';

export type Provenance = Pick<ModelManifest, 'name' | 'description' | 'license' | 'source'>;

/** Writes the model at `path` into `folder`, which is nobody's until its manifest, the last file, is there. */
export async function importModel(
  path: string,
  folder: string,
  provenance: (license: string) => Provenance,
): Promise<ModelManifest> {
  await mkdir(folder, { recursive: true });
  const foreign = await openForeign(path, folder);
  try {
    const { config, weightsPaths } = foreign;
    const { tokenizer, file } = await foreign.tokenizer();
    // A token past the table would read foreign memory's row; the other way round (padding rows) is common and harmless.
    if (tokenizer.vocabularySize > config.vocabulary)
      throw new ColeError(
        'ERR_MODEL',
        `expected a tokenizer of at most ${config.vocabulary} tokens for ${path}, got ${tokenizer.vocabularySize}`,
      );
    const sourceSha256 = await hashOfFiles(weightsPaths);
    const weights = await convertWeights(config, foreign.tensors, folder);
    const manifest: ModelManifest = {
      version: conversionVersion,
      ...provenance(foreign.license),
      sourceSha256,
      config,
      weights: weights.table,
      weightsBytes: weights.bytes,
      weightsSha256: weights.sha256,
      tokenizer: file,
    };
    await writeFileAtomic(join(folder, manifestName), `${JSON.stringify(manifest, null, 1)}\n`);
    return manifest;
  } finally {
    await foreign.tensors.close();
  }
}

/** Of one file its own hash, of several that of their hashes. */
async function hashOfFiles(paths: readonly string[]): Promise<string> {
  const hashes: string[] = [];
  for (const path of paths) hashes.push(await sha256Of(createReadStream(path, { highWaterMark: 1 << 20 })));
  return hashes.length === 1 ? hashes[0]! : createHash('sha256').update(hashes.join('\n')).digest('hex');
}

interface Foreign {
  readonly config: ModelConfig;
  readonly tensors: TensorSource;
  readonly weightsPaths: readonly string[];
  readonly license: string;
  /** Copies what the tokenizer is made of, and makes it. */
  tokenizer(): Promise<{ tokenizer: Tokenizer; file: ModelManifest['tokenizer'] }>;
}

async function openForeign(path: string, folder: string): Promise<Foreign> {
  const found = await stat(path).catch((cause) => {
    throw new ColeError('ERR_MODEL', `expected a GGUF file or a model folder at ${path}, got nothing there`, { cause });
  });
  return found.isDirectory() ? openFolder(path, folder) : openFile(path, folder);
}

async function openFile(path: string, folder: string): Promise<Foreign> {
  const tensors = await openGguf(path);
  const { metadata } = tensors;
  return {
    config: configOfGguf(metadata, path),
    tensors,
    weightsPaths: [path],
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
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(await readFile(configPath, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new ColeError('ERR_MODEL', `expected a JSON file at ${configPath}, but ${(cause as Error).message}`, {
      cause,
    });
  }
  const config = configOfHuggingFace(fields ?? {}, configPath);
  const { tensors, paths } = await openWeightFiles(path);
  return {
    config,
    tensors,
    weightsPaths: paths,
    license: 'unknown',
    tokenizer: async () => {
      const file = 'tokenizer.json';
      const from = join(path, file);
      try {
        await copyFile(from, join(folder, file));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError(join(folder, file), cause);
        throw new ColeError('ERR_MODEL', `expected the tokenizer at ${from}, got no such file`, { cause });
      }
      return { tokenizer: loadTokenizer({ json: await readFile(from) }), file };
    },
  };
}
