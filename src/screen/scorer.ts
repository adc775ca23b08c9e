/**
 * The two stages that give scores: a cheap one for everything, a full one for what the first finds promising. Each is a
 * feature set with a head, fitted on the rows of a table. Fitting is a pure function of the setup, so that every worker
 * makes the same scorer for itself.
 */
import { ColeError } from '../base/index.js';
import { renderer } from '../code/index.js';
import {
  createFeatures,
  type FittedFeatures,
  needsEmbedder,
  type Reading,
  type Scaling,
  setsOf,
} from '../features/index.js';
import { createEmbedder, createStaticEmbedder, type Embedder } from '../lm/index.js';
import { type Encoding, type Space, space as spaceOf } from '../spaces/index.js';
import { createSurrogate, type FittedSurrogate } from '../surrogate/index.js';
import type { Item } from './items.js';
import { type Made, MadeTexts } from './made.js';
import type { Part } from './part.js';

export interface ScorerSetup {
  readonly space: string;
  readonly style: string;
  /** Features of the first stage, null for none. */
  readonly first: string | null;
  /** Features of the last stage. */
  readonly full: string;
  readonly reading: Reading;
  /** Of the embeddings where a head sees nothing else. */
  readonly scaling: Scaling;
  /** Known architectures, printed, and their values. */
  readonly train: { readonly archs: readonly string[]; readonly values: Float64Array };
  /** Embeddings of the texts of `train`, in shared memory; null where the features need none. */
  readonly vectors: Float32Array | null;
  readonly seed: number;
  /** Threads of the addon and of the language model. */
  readonly threads: number;
  /**
   * In shared memory: not 0 asks to stop between two runs of the language model. A worker that is terminated within one
   * takes the process with it, since onnxruntime comes back to a thread that is gone.
   */
  readonly stop: Int32Array;
}

export interface Scored {
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

export interface FullyScored extends Scored {
  /** What the language model reads of the texts, 0 without one, and how many of them are cut. */
  readonly tokens: number;
  readonly truncated: number;
}

interface Stage {
  readonly features: FittedFeatures<Item>;
  readonly head: FittedSurrogate;
}

/** Rows of features in memory at a time: n-grams have thousands of columns. */
const batch = 512;
/** Where a language model makes them and scores are kept as they come: a few runs of it. */
const smallBatch = 64;

export class Scorer {
  readonly #first: Stage | undefined;
  readonly #full: Stage;
  readonly #embedder: Embedder | undefined;
  readonly #texts: MadeTexts;

  constructor(parts: {
    first: Stage | undefined;
    full: Stage;
    embedder: Embedder | undefined;
    texts: MadeTexts;
  }) {
    this.#first = parts.first;
    this.#full = parts.full;
    this.#embedder = parts.embedder;
    this.#texts = parts.texts;
  }

  /** `made`: what need not be made of the texts of the items. */
  first(items: readonly Item[], made: Made = {}): Promise<Scored> {
    return this.#texts.during(made, () => predict(this.#first!, items));
  }

  /** The items in the order in which the language model reads them in parts with least work. */
  readingOrder(items: readonly Item[]): readonly Item[] {
    if (!this.#embedder) return items;
    const byText = (a: Item, b: Item) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
    const byLength = (a: Item, b: Item) => a.text.length - b.text.length;
    return items.toSorted(this.#embedder.sharesBeginnings ? byText : byLength);
  }

  /** `part`: where scores are kept as they come. */
  full(items: readonly Item[], made: Made = {}, part?: Part): Promise<FullyScored> {
    return this.#texts.during(made, async () => {
      const isRead = this.#embedder !== undefined && !made.vectors;
      const scored = await predict(this.#full, items, part, part && isRead ? smallBatch : batch);
      const texts = items.map(({ text }) => text);
      const { tokens, long } = this.#embedder ? this.#texts.measure(this.#embedder, texts) : { tokens: 0, long: 0 };
      return { ...scored, tokens, truncated: long };
    });
  }

  /** Seconds of tokenising and of the language model so far. */
  get languageModel(): { readonly tokenizeSeconds: number; readonly modelSeconds: number } {
    const { tokenizeSeconds = 0, modelSeconds = 0 } = this.#embedder?.stats ?? {};
    return { tokenizeSeconds, modelSeconds };
  }

  async close(): Promise<void> {
    await this.#embedder?.close();
  }
}

async function predict(
  { features, head }: Stage,
  items: readonly Item[],
  part?: Part,
  together = batch,
): Promise<Scored> {
  const mean = new Float64Array(items.length);
  const std = new Float64Array(items.length);
  for (let from = part?.read(mean, std) ?? 0; from < items.length; from += together) {
    const to = Math.min(from + together, items.length);
    const scored = head.predict(await features.transform(items.slice(from, to)));
    mean.set(scored.mean, from);
    std.set(scored.std, from);
    part?.write(mean, std, to);
  }
  return { mean, std };
}

export async function createScorer(setup: ScorerSetup): Promise<Scorer> {
  const space = spaceOf(setup.space);
  const items = setup.train.archs.map((text) => itemOf(space, setup.style, space.parse(text)));
  const specs = [setup.full, ...(setup.first === null ? [] : [setup.first])];
  const known = new Map<string, Float32Array>();
  const texts = new MadeTexts(known, setup.stop);
  let embedder: Embedder | undefined;
  if (specs.some(needsEmbedder)) {
    const { reading, threads, vectors } = setup;
    embedder = await createEmbedder({ ...reading, threads, cache: null });
    items.forEach(({ text }, at) => {
      if (vectors) known.set(text, vectors.subarray(at * embedder!.dimension, (at + 1) * embedder!.dimension));
    });
  }
  try {
    const staticEmbedder = specs.some((spec) => setsOf(spec).includes('static'))
      ? await createStaticEmbedder(setup.reading.model, setup.threads)
      : undefined;
    const context = {
      space: itemSpace(space),
      renderer: { identity: setup.style, style: setup.style, render: ({ text }: Item) => text },
      ...(embedder && { textEmbedder: texts.embedder(embedder) }),
      ...(staticEmbedder && { staticEmbedder: texts.staticEmbedder(staticEmbedder) }),
      codeScaling: setup.scaling,
    };
    const stage = async (spec: string): Promise<Stage> => {
      const features = await createFeatures(spec, context).fit(items);
      const surrogate = createSurrogate({ threads: setup.threads });
      return { features, head: surrogate.fit(await features.transform(items), setup.train.values, setup.seed) };
    };
    const first = setup.first === null ? undefined : await stage(setup.first);
    return new Scorer({ first, full: await stage(setup.full), embedder, texts });
  } catch (error) {
    await embedder?.close();
    throw error;
  }
}

export function itemOf(space: Space<unknown>, style: string, arch: unknown): Item {
  const { render } = renderer(space.name, style);
  return { key: space.key(arch), identity: space.canonicalKey(arch), text: render(arch), arch };
}

function needsArchitectures(features: string, key: string): ColeError {
  return new ColeError('ERR_INPUT', `expected architectures for features ${features}, got the text ${key}`);
}

/** The space as feature sets see it: it reads the architecture in an item. */
function itemSpace(space: Space<unknown>): Space<Item> {
  const encodings = Object.fromEntries(
    Object.entries(space.encodings).map(([name, encoding]): [string, Encoding<Item>] => [
      name,
      {
        length: encoding.length,
        encode: ({ arch, key }) => {
          if (arch === undefined) throw needsArchitectures(name, key);
          return encoding.encode(arch);
        },
      },
    ]),
  );
  const print = ({ arch, key }: Item) => {
    if (arch === undefined) throw needsArchitectures('derivation', key);
    return space.print(arch);
  };
  return { ...(space as Space<never>), encodings, print } as unknown as Space<Item>;
}
