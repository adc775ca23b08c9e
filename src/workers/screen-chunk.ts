/** Worker entry: screens chunks. The scorer of the first chunk is kept for the others, which have the same setup. */
import { type ChunkResult, type ChunkTask, createScorer, type Scorer, screenChunk } from '../screen/index.js';
import { answering } from './reply.js';

let kept: { readonly key: string; readonly scorer: Promise<Scorer> } | undefined;

export default answering(async (task: ChunkTask & { readonly key: string }): Promise<ChunkResult> => {
  if (kept?.key !== task.key) kept = { key: task.key, scorer: createScorer(task.setup) };
  return screenChunk(task, await kept.scorer);
});
