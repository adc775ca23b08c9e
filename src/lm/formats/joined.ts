/** Weights that lie in several files, as one source of tensors. */
import { ColeError } from '../../base/index.js';
import type { TensorSource } from './source.js';

/** `what`: names the whole in errors. Closes what is open where one of the files cannot be read. */
export async function openJoined<Source extends TensorSource>(
  paths: readonly string[],
  open: (path: string) => Promise<Source>,
  what: string,
): Promise<{ tensors: TensorSource; parts: readonly Source[] }> {
  const parts: Source[] = [];
  const close = async () => {
    for (const part of parts) await part.close();
  };
  try {
    for (const path of paths) parts.push(await open(path));
  } catch (error) {
    await close();
    throw error;
  }
  const partOf = new Map(parts.flatMap((part) => [...part.names].map((name) => [name, part] as const)));
  const of = (name: string) => {
    const part = partOf.get(name);
    if (!part) throw new ColeError('ERR_MODEL', `expected tensor ${name} in ${what}, got none of that name`);
    return part;
  };
  const tensors = {
    names: new Set(partOf.keys()),
    shape: (name: string) => of(name).shape(name),
    read: (name: string, slice?: number) => of(name).read(name, slice),
    close,
  };
  return { tensors, parts };
}
