/** One process at a time in a run directory. */
import { ColeError, type Release, tryLock } from '../base/index.js';

/** Takes the directory, which is made where it is missing, and returns what gives it back. Throws ERR_OPTION where it is taken. */
export async function lockDirectory(directory: string): Promise<Release> {
  const release = await tryLock(directory);
  if (!release)
    throw new ColeError('ERR_OPTION', `expected a run directory that no other process works on, got ${directory}`);
  return release;
}
