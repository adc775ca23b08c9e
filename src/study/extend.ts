/** A run lengthened: its directory becomes that of a longer one, and what is done stays done. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError } from '../base/index.js';
import { Journal } from './journal.js';
import { longerOptions, type Manifest, writeManifest } from './manifest.js';

/**
 * Gives the directory the greater ones of the options `lengths`, once `requireSameRun` has found nothing else to differ;
 * where none is greater it stays as it is. `beforehand` runs after the directory has ceased to be finished and before it is
 * that of the longer run, so that a process killed in between leaves the shorter one.
 */
export async function extendDirectory(
  directory: string,
  found: Manifest,
  options: Readonly<Record<string, unknown>>,
  lengths: readonly string[],
  command: string,
  beforehand?: () => void,
): Promise<void> {
  const longer = longerOptions(found, options, lengths);
  if (longer.length === 0) return;
  try {
    // A directory with a summary counts as finished.
    await rm(join(directory, 'summary.json'), { force: true });
  } catch (error) {
    throw ioError(directory, error);
  }
  beforehand?.();
  const changes = Object.fromEntries(longer.map((name) => [name, options[name]]));
  await writeManifest(directory, { ...found, command, options: { ...found.options, ...changes } });
}

/** Options in which a search may be extended. */
export const searchLengths: readonly string[] = ['trials', 'budget'];

/** `extendDirectory` of a search, whose journal says which batches the budget so far has cut short. */
export function extendSearch(
  directory: string,
  found: Manifest,
  options: Readonly<Record<string, unknown>>,
  command: string,
): Promise<void> {
  return extendDirectory(directory, found, options, searchLengths, command, () => {
    const journal = new Journal(join(directory, 'journal.jsonl'));
    try {
      const { budget, batch } = found.options as { budget: number; batch: number };
      journal.append({ type: 'extend', budget, batch });
      journal.flush();
    } finally {
      journal.close();
    }
  });
}
