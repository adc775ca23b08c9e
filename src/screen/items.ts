/** What a chunk is made of, and the distinct things to score in it. */
import { ColeError, stream } from '../base/index.js';
import { renderer } from '../code/index.js';
import type { Space } from '../spaces/index.js';
import type { Made } from './made.js';

export type ChunkSource =
  | { readonly kind: 'sample'; readonly count: number; readonly seed: number }
  /** Printed architectures with the places they came from. */
  | { readonly kind: 'archs'; readonly archs: readonly string[]; readonly places: readonly string[] }
  | { readonly kind: 'texts'; readonly keys: readonly string[]; readonly texts: readonly string[] }
  /** Ids of row i: ids[offsets[i]] .. ids[offsets[i + 1] - 1]; `places` for messages. */
  | {
      readonly kind: 'ids';
      readonly keys: readonly string[];
      readonly places: readonly string[];
      readonly ids: Int32Array;
      readonly offsets: Int32Array;
    }
  /** [keys, dimension]. */
  | { readonly kind: 'vectors'; readonly keys: readonly string[]; readonly data: Float32Array };

export type RowSource = Exclude<ChunkSource, { readonly kind: 'sample' | 'archs' }>;

/** Something to score: an architecture with its text, or a text alone. */
export interface Item {
  readonly key: string;
  readonly identity: string;
  /** Where ids or a vector were read, no text of anybody's but a name that stands for them. */
  readonly text: string;
  readonly arch?: unknown;
}

export interface ChunkItems {
  /** The first one in the order of the chunk stands for all that are the same. */
  readonly items: Item[];
  readonly taken: number;
  /** What features need not make of the texts. */
  readonly made: Made;
}

/** Architectures of the chunk where it has any, drawn or parsed. */
export function architectures(
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

export function itemsOfArchs(space: Space<unknown>, style: string, archs: readonly unknown[]): ChunkItems {
  const items = new Map<string, Item>();
  const { render } = renderer(space.name, style);
  for (const arch of archs) {
    const identity = space.canonicalKey(arch);
    if (!items.has(identity)) items.set(identity, { key: space.key(arch), identity, text: render(arch), arch });
  }
  return { items: [...items.values()], taken: archs.length, made: {} };
}

/** `index`: number of the chunk. */
export function itemsOfRows(source: RowSource, index: number): ChunkItems {
  const items = new Map<string, Item>();
  const { keys } = source;
  const add = (item: Item) => items.has(item.identity) || items.set(item.identity, item);
  if (source.kind === 'texts') {
    keys.forEach((key, at) => {
      add({ key, identity: source.texts[at]!, text: source.texts[at]! });
    });
    return { items: [...items.values()], taken: keys.length, made: {} };
  }
  if (source.kind === 'ids') {
    const { ids, offsets, places } = source;
    const tokens = new Map<string, { ids: Int32Array; name: string }>();
    keys.forEach((key, at) => {
      const own = ids.subarray(offsets[at], offsets[at + 1]);
      const text = own.join(' ');
      const name = key === places[at] ? key : `${key} (${places[at]})`;
      if (!tokens.has(text)) tokens.set(text, { ids: own, name });
      add({ key, identity: text, text });
    });
    return { items: [...items.values()], taken: keys.length, made: { tokens } };
  }
  const dimension = source.data.length / keys.length;
  const vectors = new Map<string, Float32Array>();
  keys.forEach((key, at) => {
    // A name that no other chunk has: what features remember of a text is never that of another row.
    const text = `${index}:${at}`;
    vectors.set(text, source.data.subarray(at * dimension, (at + 1) * dimension));
    add({ key, identity: key, text });
  });
  return { items: [...items.values()], taken: keys.length, made: { vectors } };
}
