/**
 * The two stages that give scores: a cheap one for everything, a full one for what the first finds promising. Each is a
 * feature set with a head, fitted on the rows of a table. Fitting is a pure function of the setup, so that every worker
 * makes the same scorer for itself.
 */
import { ColeError, type Matrix, matrix } from '../base/index.js';
import { renderer } from '../code/index.js';
import {
  createFeatures,
  type FittedFeatures,
  needsEmbedder,
  type Reading,
  type Scaling,
  setsOf,
  type TextEmbedder,
} from '../features/index.js';
import { createEmbedder, createStaticEmbedder, type Embedder } from '../lm/index.js';
import { type Encoding, type Space, space as spaceOf } from '../spaces/index.js';
import { createSurrogate, type FittedSurrogate } from '../surrogate/index.js';

/** Something to score: an architecture with its text, or a text alone. */
export interface Item {
  readonly key: string;
  readonly identity: string;
  readonly text: string;
  readonly arch?: unknown;
}

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

/** Throws ERR_INTERRUPTED where `stop` has been set. */
export function requireGoingOn(stop: Int32Array): void {
  if (Atomics.load(stop, 0) !== 0) throw new ColeError('ERR_INTERRUPTED', 'the screen was interrupted');
}

export interface Scored {
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

interface Stage {
  readonly features: FittedFeatures<Item>;
  readonly head: FittedSurrogate;
}

/** Rows of features in memory at a time: n-grams have thousands of columns. */
const batch = 512;

export class Scorer {
  readonly #first: Stage | undefined;
  readonly #full: Stage;
  readonly #embedder: Embedder | undefined;
  readonly #given: Map<string, Float32Array>;

  constructor(parts: {
    first: Stage | undefined;
    full: Stage;
    embedder: Embedder | undefined;
    given: Map<string, Float32Array>;
  }) {
    this.#first = parts.first;
    this.#full = parts.full;
    this.#embedder = parts.embedder;
    this.#given = parts.given;
  }

  first(items: readonly Item[]): Promise<Scored> {
    return predict(this.#first!, items);
  }

  /** `vectors` are embeddings that are known already, by text. */
  async full(items: readonly Item[], vectors?: ReadonlyMap<string, Float32Array>): Promise<Scored> {
    if (!vectors) return predict(this.#full, items);
    for (const [text, vector] of vectors) this.#given.set(text, vector);
    try {
      return await predict(this.#full, items);
    } finally {
      for (const text of vectors.keys()) this.#given.delete(text);
    }
  }

  /** Seconds of tokenising and of the language model so far, tokens and cut texts. */
  get languageModel() {
    const { tokenizeSeconds = 0, modelSeconds = 0, tokens = 0, truncated = 0 } = this.#embedder?.stats ?? {};
    return { tokenizeSeconds, modelSeconds, tokens, truncated };
  }

  async close(): Promise<void> {
    await this.#embedder?.close();
  }
}

async function predict({ features, head }: Stage, items: readonly Item[]): Promise<Scored> {
  const mean = new Float64Array(items.length);
  const std = new Float64Array(items.length);
  for (let from = 0; from < items.length; from += batch) {
    const rows = await features.transform(items.slice(from, from + batch));
    const scored = head.predict(rows);
    mean.set(scored.mean, from);
    std.set(scored.std, from);
  }
  return { mean, std };
}

export async function createScorer(setup: ScorerSetup): Promise<Scorer> {
  const space = spaceOf(setup.space);
  const items = setup.train.archs.map((text) => itemOf(space, setup.style, space.parse(text)));
  const specs = [setup.full, ...(setup.first === null ? [] : [setup.first])];
  const given = new Map<string, Float32Array>();
  let embedder: Embedder | undefined;
  let textEmbedder: TextEmbedder | undefined;
  if (specs.some(needsEmbedder)) {
    const { reading, threads, vectors } = setup;
    embedder = await createEmbedder({ ...reading, threads, cache: null });
    items.forEach(({ text }, at) => {
      if (vectors) given.set(text, vectors.subarray(at * embedder!.dimension, (at + 1) * embedder!.dimension));
    });
    textEmbedder = withGiven(embedder, given, setup.stop);
  }
  try {
    const staticEmbedder = specs.some((spec) => setsOf(spec).includes('static'))
      ? await createStaticEmbedder(setup.reading.model, setup.threads)
      : undefined;
    const context = {
      space: itemSpace(space),
      renderer: { identity: setup.style, style: setup.style, render: ({ text }: Item) => text },
      ...(textEmbedder && { textEmbedder }),
      ...(staticEmbedder && { staticEmbedder }),
      codeScaling: setup.scaling,
    };
    const stage = async (spec: string): Promise<Stage> => {
      const features = await createFeatures(spec, context).fit(items);
      const surrogate = createSurrogate({ threads: setup.threads });
      return { features, head: surrogate.fit(await features.transform(items), setup.train.values, setup.seed) };
    };
    const first = setup.first === null ? undefined : await stage(setup.first);
    return new Scorer({ first, full: await stage(setup.full), embedder, given });
  } catch (error) {
    await embedder?.close();
    throw error;
  }
}

export function itemOf(space: Space<unknown>, style: string, arch: unknown): Item {
  const { render } = renderer(space.name, style);
  return { key: space.key(arch), identity: space.canonicalKey(arch), text: render(arch), arch };
}

/** The space as feature sets see it: its encodings read the architecture in an item. */
function itemSpace(space: Space<unknown>): Space<Item> {
  const encodings = Object.fromEntries(
    Object.entries(space.encodings).map(([name, encoding]): [string, Encoding<Item>] => [
      name,
      {
        length: encoding.length,
        encode: ({ arch, key }) => {
          if (arch === undefined)
            throw new ColeError('ERR_INPUT', `expected architectures for features ${name}, got the text ${key}`);
          return encoding.encode(arch);
        },
      },
    ]),
  );
  return { ...(space as Space<never>), encodings } as unknown as Space<Item>;
}

/** Answers from `given` where it can. */
function withGiven(embedder: Embedder, given: ReadonlyMap<string, Float32Array>, stop: Int32Array): TextEmbedder {
  const { dimension } = embedder;
  return {
    dimension,
    async embed(texts): Promise<Matrix> {
      const missing = texts.filter((text) => !given.has(text));
      const onProgress = () => requireGoingOn(stop);
      const fresh = missing.length > 0 ? await embedder.embed(missing, onProgress) : matrix(0, dimension);
      const out = matrix(texts.length, dimension);
      let at = 0;
      texts.forEach((text, row) => {
        const known = given.get(text);
        out.data.set(known ?? fresh.data.subarray(at * dimension, (at + 1) * dimension), row * dimension);
        if (!known) at++;
      });
      return out;
    },
  };
}
