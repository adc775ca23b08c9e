/**
 * The part of the networks that the last stage can do in a given time: what a piece of the screen's own first chunk took, put
 * against all there is to do. An estimate, made once; the journal keeps it, so that a screen that goes on later has the same.
 */
import { screenChunk } from './chunk.js';
import type { ChunkSource } from './items.js';
import type { ScreenInput, ScreenPlan } from './options.js';
import { createScorer, type ScorerSetup } from './scorer.js';
import { chunkSources } from './sources.js';

/** Networks that the last stage is timed on, after some that bring the language model in. */
const probe = 128;
const warmUp = 8;

export async function shareInTime(
  plan: ScreenPlan,
  setup: ScorerSetup,
  seconds: number,
  workers: number,
  input?: ScreenInput,
): Promise<{ share: number; secondsEach: number }> {
  const total = (plan.count ?? (await countRows(input!))) / plan.shard.of;
  const first = await chunkSources(plan, input).next();
  if (first.done || total === 0) return { share: 1, secondsEach: 0 };
  const source: ChunkSource = first.value;
  const scorer = await createScorer(setup);
  try {
    const time = (networks: number) =>
      screenChunk({ setup, index: 0, source, share: networks / plan.chunk, top: 1 }, scorer);
    await time(warmUp);
    const { taken, distinct, full, seconds: spent } = await time(probe);
    const secondsEach = (spent.tokenize + spent.embed + spent.score) / full;
    return { share: Math.min(1, (seconds * workers) / (secondsEach * total * (distinct / taken))), secondsEach };
  } finally {
    await scorer.close();
  }
}

async function countRows(input: ScreenInput): Promise<number> {
  let rows = 0;
  for await (const _ of input.rows()) rows++;
  return rows;
}
