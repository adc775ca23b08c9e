/**
 * The embedding of the rendered text. Rows of recent texts are kept in memory, because a search asks for its training rows
 * again at each refit; the embedder's own cache on disk holds the rest.
 */
import { ColeError, type Matrix, matrix, row } from '../base/index.js';
import type { FeatureSet } from './types.js';

/** The part of an `Embedder` that features need. */
export interface TextEmbedder {
  readonly dimension: number;
  embed(texts: readonly string[]): Promise<Matrix>;
}

/** Bound on the rows kept in memory, in values: 64 MiB of float32. */
const keptValues = 2 ** 24;

export function codeFeatures<Arch>(render: (arch: Arch) => string, embedder: TextEmbedder): FeatureSet<Arch> {
  const { dimension } = embedder;
  const kept = new Map<string, Float32Array>();
  const keptRows = Math.floor(keptValues / dimension);

  async function transform(archs: readonly Arch[]): Promise<Matrix> {
    const texts = archs.map(render);
    const missing = [...new Set(texts)].filter((text) => !kept.has(text));
    const fresh = new Map<string, Float32Array>();
    if (missing.length > 0) {
      const rows = await embedder.embed(missing);
      if (rows.rows !== missing.length || rows.cols !== dimension)
        throw new ColeError(
          'ERR_SHAPE',
          `expected ${missing.length} x ${dimension} values from the embedder, got ${rows.rows} x ${rows.cols}`,
        );
      missing.forEach((text, index) => {
        fresh.set(text, row(rows, index));
      });
    }
    const out = matrix(archs.length, dimension);
    texts.forEach((text, index) => {
      out.data.set((fresh.get(text) ?? kept.get(text))!, index * dimension);
    });
    for (const [text, vector] of fresh) kept.set(text, vector.slice());
    // A Map iterates in insertion order: the oldest rows go first.
    for (const text of kept.keys()) {
      if (kept.size <= keptRows) break;
      kept.delete(text);
    }
    return out;
  }

  return { name: 'code', fit: async () => ({ columns: dimension, transform }) };
}

/** As `codeFeatures`, for an embedder that is cheaper than remembering what it said. */
export function embeddedTexts<Arch>(
  name: string,
  render: (arch: Arch) => string,
  embedder: TextEmbedder,
): FeatureSet<Arch> {
  const transform = (archs: readonly Arch[]) => embedder.embed(archs.map(render));
  return { name, fit: async () => ({ columns: embedder.dimension, transform }) };
}
