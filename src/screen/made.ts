/**
 * Embeddings of texts, of which some may have been made before: those of known architectures, and what an input brings in
 * place of texts. Features ask for texts; for token ids and for vectors a name stands for the text.
 */
import { ColeError, type Matrix, matrix } from '../base/index.js';
import type { TextEmbedder } from '../features/index.js';
import type { Embedder, StaticEmbedder, Texts } from '../lm/index.js';
import { requireGoingOn } from './stop.js';

/** By the text that stands for them. */
export interface Made {
  readonly vectors?: ReadonlyMap<string, Float32Array>;
  /** With names for messages. */
  readonly tokens?: ReadonlyMap<string, { readonly ids: Int32Array; readonly name: string }>;
}

export class MadeTexts {
  readonly #known: ReadonlyMap<string, Float32Array>;
  readonly #stop: Int32Array;
  #made: Made = {};

  /** `known`: vectors of texts, for good. */
  constructor(known: ReadonlyMap<string, Float32Array>, stop: Int32Array) {
    this.#known = known;
    this.#stop = stop;
  }

  /** Does some work on texts of which `made` was made before. */
  async during<T>(made: Made, work: () => Promise<T>): Promise<T> {
    this.#made = made;
    try {
      return await work();
    } finally {
      this.#made = {};
    }
  }

  embedder(embedder: Embedder): TextEmbedder {
    const { dimension } = embedder;
    return {
      dimension,
      embed: async (texts): Promise<Matrix> => {
        const known = texts.map((text) => this.#vector(text, dimension));
        const missing = texts.filter((_, at) => known[at] === undefined);
        const onProgress = () => requireGoingOn(this.#stop);
        const fresh =
          missing.length > 0
            ? await embedder.embed(this.#read(missing), onProgress, this.#nameOf(missing))
            : matrix(0, dimension);
        const out = matrix(texts.length, dimension);
        let at = 0;
        known.forEach((vector, row) => {
          out.data.set(vector ?? fresh.data.subarray(at * dimension, (at + 1) * dimension), row * dimension);
          if (!vector) at++;
        });
        return out;
      },
    };
  }

  staticEmbedder(embedder: StaticEmbedder): TextEmbedder {
    const { dimension } = embedder;
    return { dimension, embed: (texts) => embedder.embed(this.#read(texts), this.#nameOf(texts)) };
  }

  /** Tokens of the texts and how many are over the limit, whatever is known of them: the same for whoever does the chunk. */
  measure(embedder: Embedder, texts: readonly string[]): { readonly tokens: number; readonly long: number } {
    if (this.#made.vectors) return { tokens: 0, long: 0 };
    return embedder.measure(this.#read(texts), this.#nameOf(texts));
  }

  #vector(text: string, dimension: number): Float32Array | undefined {
    const vector = this.#made.vectors?.get(text);
    if (!vector) return this.#known.get(text);
    if (vector.length === dimension) return vector;
    throw new ColeError(
      'ERR_INPUT',
      `expected embeddings of ${dimension} values, as the language model and its pooling give them, got ${vector.length}; see --model and --pool`,
    );
  }

  #read(texts: readonly string[]): Texts {
    const { tokens } = this.#made;
    if (!tokens) return texts;
    const lists = texts.map((text) => tokens.get(text)!.ids);
    const offsets = new Int32Array(texts.length + 1);
    lists.forEach((list, at) => {
      offsets[at + 1] = offsets[at]! + list.length;
    });
    const ids = new Int32Array(offsets.at(-1)!);
    lists.forEach((list, at) => {
      ids.set(list, offsets[at]!);
    });
    return { ids, offsets };
  }

  #nameOf(texts: readonly string[]): (index: number) => string {
    return (index) => this.#made.tokens?.get(texts[index]!)?.name ?? `text ${index}`;
  }
}
