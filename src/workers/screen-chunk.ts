/** Worker entry: screens chunks. The scorer of the first chunk is kept for the others, which have the same setup. */
import { asColeError } from '../base/index.js';
import { type ChunkResult, type ChunkTask, createScorer, type Scorer, screenChunk } from '../screen/index.js';

/** An error that crosses threads would keep its message only, and lose what kind it is. */
export type ChunkReply = ChunkResult | { readonly code: string; readonly message: string };

let kept: { readonly key: string; readonly scorer: Promise<Scorer> } | undefined;

export default async function screenOneChunk(task: ChunkTask & { readonly key: string }): Promise<ChunkReply> {
  if (kept?.key !== task.key) kept = { key: task.key, scorer: createScorer(task.setup) };
  try {
    return await screenChunk(task, await kept.scorer);
  } catch (error) {
    const { code, message } = asColeError(error, 'ERR_DATA');
    return { code, message };
  }
}
