/**
 * One chunk of a screen from beginning to end: sample or take over, drop what was there, render, score cheaply, score the
 * promising part in full, keep the best. A pure function of its task, so that chunks may be done by any worker, in any
 * order and more than once.
 */
import { space as spaceOf } from '../spaces/index.js';
import { architectures, type ChunkSource, type Item, itemsOfArchs, itemsOfRows, type RowSource } from './items.js';
import { Part } from './part.js';
import type { Scorer, ScorerSetup } from './scorer.js';
import { requireGoingOn } from './stop.js';
import { compareRows, type ScreenedRow, TopRows } from './top.js';

export interface ChunkTask {
  readonly setup: ScorerSetup;
  readonly index: number;
  readonly source: ChunkSource;
  /** Part of the distinct architectures that the full stage sees, 1 without a first stage. */
  readonly share: number;
  readonly top: number;
  /** File that keeps the scores of the chunk as they come, so that a kill costs less than all of it; absent for none. */
  readonly part?: string;
}

export const stages = ['sample', 'render', 'first', 'tokenize', 'embed', 'score'] as const;
export type StageSeconds = Record<(typeof stages)[number], number>;

export interface ChunkResult {
  readonly index: number;
  /** Drawn or read. */
  readonly taken: number;
  /** Draws that passed a limit, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Different ones within the chunk. */
  readonly distinct: number;
  /** Scored by the last stage. */
  readonly full: number;
  readonly tokens: number;
  readonly truncated: number;
  readonly seconds: StageSeconds;
  readonly top: readonly ScreenedRow[];
}

export async function screenChunk(task: ChunkTask, scorer: Scorer): Promise<ChunkResult> {
  const { setup, index, source, share } = task;
  requireGoingOn(setup.stop);
  const space = spaceOf(setup.space);
  const clock = new Clock();
  const rejected: Record<string, number> = {};
  const archs = clock.run('sample', () => architectures(space, index, source, rejected));
  const { items, taken, made } = clock.run('render', () =>
    archs ? itemsOfArchs(space, setup.style, archs) : itemsOfRows(source as RowSource, index),
  );
  let chosen: readonly Item[] = items;
  let firstScores: Map<Item, number> | undefined;
  if (setup.first !== null) {
    const start = performance.now();
    const { mean } = await scorer.first(items, made);
    firstScores = new Map(items.map((item, at) => [item, mean[at]!]));
    const ranked = items.map((item, at) => ({ item, key: item.key, score: mean[at]! })).sort(compareRows);
    chosen = ranked.slice(0, Math.ceil(share * items.length)).map(({ item }) => item);
    clock.add('first', start);
  }
  chosen = scorer.readingOrder(chosen);
  const before = scorer.languageModel;
  const start = performance.now();
  const part = task.part === undefined ? undefined : new Part(task.part, chosen);
  const { mean, std, tokens, truncated } = await scorer.full(chosen, made, part);
  clock.add('score', start);
  const after = scorer.languageModel;
  const tokenize = after.tokenizeSeconds - before.tokenizeSeconds;
  const embed = after.modelSeconds - before.modelSeconds;
  // Most of what was done before a kill is the language model's, where there is one.
  const earlier = part?.secondsBefore ?? 0;
  const earlierEmbed = tokens > 0 ? earlier : 0;
  const top = new TopRows(task.top);
  top.add(
    chosen.map((item, at): ScreenedRow => {
      const first = firstScores?.get(item);
      return {
        key: item.key,
        identity: item.identity,
        ...(item.arch === undefined ? {} : { arch: space.print(item.arch) }),
        score: mean[at]!,
        std: std[at]!,
        ...(first === undefined ? {} : { first }),
      };
    }),
  );
  return {
    index,
    taken,
    rejected,
    distinct: items.length,
    full: chosen.length,
    tokens,
    truncated,
    seconds: {
      ...clock.seconds,
      tokenize,
      embed: embed + earlierEmbed,
      score: Math.max(0, clock.seconds.score - tokenize - embed) + earlier - earlierEmbed,
    },
    top: top.rows,
  };
}

class Clock {
  readonly seconds = Object.fromEntries(stages.map((stage) => [stage, 0])) as StageSeconds;

  run<T>(stage: keyof StageSeconds, work: () => T): T {
    const start = performance.now();
    const result = work();
    this.add(stage, start);
    return result;
  }
  add(stage: keyof StageSeconds, start: number): void {
    this.seconds[stage] += (performance.now() - start) / 1000;
  }
}
