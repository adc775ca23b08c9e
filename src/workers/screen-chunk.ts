/** Worker entry: screens chunks. The scorer of the first chunk is kept for the others, which have the same setup. */
import { type ChunkResult, type ChunkTask, createScorer, type Scorer, screenChunk } from '../screen/index.js';

let kept: { readonly key: string; readonly scorer: Promise<Scorer> } | undefined;

export default async function screenOneChunk(task: ChunkTask & { readonly key: string }): Promise<ChunkResult> {
  if (kept?.key !== task.key) kept = { key: task.key, scorer: createScorer(task.setup) };
  return screenChunk(task, await kept.scorer);
}
