/**
 * One chunk of a screen from beginning to end: sample or take over, drop what was there, render, score cheaply, score the
 * promising part in full, keep the best. A pure function of its task, so that chunks may be done by any worker, in any
 * order and more than once.
 */
import { ColeError, stream } from '../base/index.js';
import { renderer } from '../code/index.js';
import { type Space, space as spaceOf } from '../spaces/index.js';
import { type Item, requireGoingOn, type Scorer, type ScorerSetup } from './scorer.js';
import { compareRows, type ScreenedRow, TopRows } from './top.js';

export type ChunkSource =
  | { readonly kind: 'sample'; readonly count: number; readonly seed: number }
  /** Printed architectures with the places they came from. */
  | { readonly kind: 'archs'; readonly archs: readonly string[]; readonly places: readonly string[] }
  | { readonly kind: 'texts'; readonly keys: readonly string[]; readonly texts: readonly string[] }
  /** [keys, dimension]. */
  | { readonly kind: 'vectors'; readonly keys: readonly string[]; readonly data: Float32Array };

export interface ChunkTask {
  readonly setup: ScorerSetup;
  readonly index: number;
  readonly source: ChunkSource;
  /** Part of the distinct architectures that the full stage sees, 1 without a first stage. */
  readonly share: number;
  readonly top: number;
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
  const archs = clock.run('sample', () => take(space, index, source, rejected));
  const { items, taken } = clock.run('render', () => distinctItems(space, setup.style, source, archs));
  let chosen = items;
  let firstScores: Map<Item, number> | undefined;
  if (setup.first !== null) {
    const start = performance.now();
    const { mean } = await scorer.first(items);
    firstScores = new Map(items.map((item, at) => [item, mean[at]!]));
    const ranked = items.map((item, at) => ({ item, key: item.key, score: mean[at]! })).sort(compareRows);
    chosen = ranked.slice(0, Math.ceil(share * items.length)).map(({ item }) => item);
    clock.add('first', start);
  }
  const before = scorer.languageModel;
  const start = performance.now();
  const { mean, std } = await scorer.full(chosen, source.kind === 'vectors' ? vectorsOf(source) : undefined);
  clock.add('score', start);
  const after = scorer.languageModel;
  const tokenize = after.tokenizeSeconds - before.tokenizeSeconds;
  const embed = after.modelSeconds - before.modelSeconds;
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
    tokens: after.tokens - before.tokens,
    truncated: after.truncated - before.truncated,
    seconds: { ...clock.seconds, tokenize, embed, score: Math.max(0, clock.seconds.score - tokenize - embed) },
    top: top.rows,
  };
}

function take(
  space: Space<unknown>,
  index: number,
  source: ChunkSource,
  rejected: Record<string, number>,
): readonly unknown[] | undefined {
  if (source.kind === 'sample') {
    const rng = stream('screen', space.name, source.seed, index);
    return Array.from({ length: source.count }, () =>
      space.sample(rng, (reason) => {
        rejected[reason] = (rejected[reason] ?? 0) + 1;
      }),
    );
  }
  if (source.kind !== 'archs') return undefined;
  return source.archs.map((arch, at) => {
    try {
      return space.parse(arch);
    } catch (cause) {
      if (!(cause instanceof ColeError)) throw cause;
      throw new ColeError(cause.code, `${cause.message} (${source.places[at]})`, { cause });
    }
  });
}

function distinctItems(
  space: Space<unknown>,
  style: string,
  source: ChunkSource,
  archs: readonly unknown[] | undefined,
): { items: Item[]; taken: number } {
  const items = new Map<string, Item>();
  if (archs !== undefined) {
    const { render } = renderer(space.name, style);
    for (const arch of archs) {
      const identity = space.canonicalKey(arch);
      // The first one in the order of the chunk stands for all that compute the same.
      if (!items.has(identity)) items.set(identity, { key: space.key(arch), identity, text: render(arch), arch });
    }
    return { items: [...items.values()], taken: archs.length };
  }
  const { keys } = source as Exclude<ChunkSource, { kind: 'sample' | 'archs' }>;
  keys.forEach((key, at) => {
    const text = source.kind === 'texts' ? source.texts[at]! : key;
    if (!items.has(text)) items.set(text, { key, identity: text, text });
  });
  return { items: [...items.values()], taken: keys.length };
}

function vectorsOf({ keys, data }: Extract<ChunkSource, { kind: 'vectors' }>): Map<string, Float32Array> {
  const dimension = data.length / keys.length;
  return new Map(keys.map((key, at) => [key, data.subarray(at * dimension, (at + 1) * dimension)]));
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
