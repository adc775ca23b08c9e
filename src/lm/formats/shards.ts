/** The weights of a Hugging Face folder: one safetensors file, or several with an index of which tensor lies where. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError } from '../../base/index.js';
import { openJoined } from './joined.js';
import { openSafetensors } from './safetensors.js';
import type { TensorSource } from './source.js';

export const singleName = 'model.safetensors';
export const indexName = 'model.safetensors.index.json';

export interface WeightFiles {
  readonly tensors: TensorSource;
  readonly paths: readonly string[];
}

export async function openWeightFiles(folder: string): Promise<WeightFiles> {
  const single = join(folder, singleName);
  const index = join(folder, indexName);
  const isThere = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );
  if (await isThere(single)) return { tensors: await openSafetensors(single), paths: [single] };
  if (!(await isThere(index)))
    throw new ColeError('ERR_MODEL', `expected ${singleName} or ${indexName} in ${folder}, got neither`);
  const names = shardNames(index, await readFile(index, 'utf8'));
  const paths = [...new Set(names.values())].map((name) => join(folder, name));
  for (const path of paths)
    if (!(await isThere(path)))
      throw new ColeError('ERR_MODEL', `expected ${path}, which ${index} names, got no such file`);
  const { tensors } = await openJoined(paths, openSafetensors, folder);
  return { tensors, paths };
}

/** File of each tensor; file names only, so that an index leads nowhere else. */
export function shardNames(path: string, text: string): ReadonlyMap<string, string> {
  let map: unknown;
  try {
    map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected JSON in ${path}`, { cause });
  }
  if (typeof map !== 'object' || map === null)
    throw new ColeError('ERR_DATA', `expected a weight_map in ${path}, got none`);
  const names = new Map<string, string>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file))
      throw new ColeError('ERR_DATA', `expected a safetensors file for ${tensor} in ${path}, got ${String(file)}`);
    names.set(tensor, file);
  }
  return names;
}
