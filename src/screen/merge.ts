/** Puts the shards of one screen together; the outcome is that of the screen in one piece. */
import { ColeError } from '../base/index.js';
import { lockDirectory, type Manifest, makeManifest, readManifest, startDirectory } from '../study/index.js';
import {
  noTotals,
  plus,
  readSummary,
  readTop,
  type ScreenSummary,
  type ScreenTotals,
  writeResults,
} from './results.js';
import { TopRows } from './top.js';

/**
 * Merges finished shards into `out`. Throws ERR_OPTION where a directory is no finished screen, where options differ, or
 * where a shard is missing or there twice.
 */
export async function mergeScreens(
  directories: readonly string[],
  out: string,
  command = 'mergeScreens',
): Promise<ScreenSummary> {
  const shards = directories.map(readShard);
  const [first] = shards;
  if (!first) throw new ColeError('ERR_OPTION', 'expected run directories of a screen, got none');
  const { of } = first.summary.shard;
  for (const shard of shards) {
    const [a, b] = [first, shard].map(({ manifest }) =>
      JSON.stringify({ ...manifest.options, shard: null, table: manifest.hashes.table, model: manifest.hashes.model }),
    );
    if (a !== b || shard.summary.shard.of !== of)
      throw new ColeError(
        'ERR_OPTION',
        `expected shards of one screen, got ${shard.directory}, whose options, table or language model differ from ${first.directory}`,
      );
  }
  for (let index = 1; index <= of; index++) {
    const found = shards.filter(({ summary }) => summary.shard.index === index);
    if (found.length !== 1)
      throw new ColeError(
        'ERR_OPTION',
        `expected shard ${index}/${of} once, got ${found.length === 0 ? 'none' : found.map(({ directory }) => directory).join(' and ')}`,
      );
  }
  const top = new TopRows(first.manifest.options.top as number);
  let totals: ScreenTotals = noTotals;
  for (const { directory, summary } of shards) {
    top.add(await readTop(directory));
    totals = plus(totals, summary);
  }
  const unlock = await lockDirectory(out);
  try {
    const { hashes, options } = first.manifest;
    await startDirectory(out, makeManifest(command, { ...options, shard: { index: 1, of: 1 } }, hashes));
    const summary: ScreenSummary = { ...first.summary, ...totals, shard: { index: 1, of: 1 } };
    await writeResults(out, summary, top);
    return summary;
  } finally {
    await unlock();
  }
}

function readShard(directory: string): { directory: string; manifest: Manifest; summary: ScreenSummary } {
  const manifest = readManifest(directory);
  const summary = manifest && readSummary(directory);
  if (!manifest || !summary || !('chunk' in manifest.options))
    throw new ColeError('ERR_OPTION', `expected the run directory of a finished screen at ${directory}, got another`);
  return { directory, manifest, summary };
}
