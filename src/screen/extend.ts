/** A screen lengthened: its directory becomes that of one that draws more, and what is done stays done. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, ioError, writeFileAtomic } from '../base/index.js';
import type { Manifest } from '../study/index.js';
import type { ScreenPlan } from './options.js';

/**
 * The manifest with the number of draws of `plan`. Throws ERR_OPTION for a number below that of the directory and for a screen
 * of an input, which has its length.
 */
export async function extendScreen(directory: string, found: Manifest, plan: ScreenPlan): Promise<Manifest> {
  const before = found.options.count;
  if (plan.count === null || typeof before !== 'number')
    throw new ColeError('ERR_OPTION', 'expected random architectures in a screen that is extended, got an input');
  if (plan.count < before)
    throw new ColeError(
      'ERR_OPTION',
      `expected at least the ${before} draws of the screen in ${directory}, got ${plan.count}`,
    );
  const extended = { ...found, options: { ...found.options, count: plan.count } };
  if (plan.count === before) return extended;
  try {
    // First: a directory with a summary counts as finished.
    await rm(join(directory, 'summary.json'), { force: true });
    await writeFileAtomic(join(directory, 'manifest.json'), `${JSON.stringify(extended, null, 2)}\n`);
  } catch (error) {
    throw ioError(directory, error);
  }
  return extended;
}
