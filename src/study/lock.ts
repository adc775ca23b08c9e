/** One process at a time in a run directory. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, ioError, type Release, tryLock } from '../base/index.js';

/** As `writeFileAtomic` names what it has not finished. */
const unfinished = /\.\d+-[0-9a-f]{8}\.tmp$/;

/**
 * Takes the directory, which is made where it is missing, and returns what gives it back. What a killed process left half
 * written in it goes. Throws ERR_OPTION where it is taken.
 */
export async function lockDirectory(directory: string): Promise<Release> {
  const release = await tryLock(directory);
  if (!release)
    throw new ColeError('ERR_OPTION', `expected a run directory that no other process works on, got ${directory}`);
  try {
    for (const name of await readdir(directory))
      if (unfinished.test(name)) await rm(join(directory, name), { force: true });
    return release;
  } catch (error) {
    await release();
    throw ioError(directory, error);
  }
}
