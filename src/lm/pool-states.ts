/** The poolings of hidden states that somebody else's run of a model gave, by the addon. */
import { asColeError, ColeError, type Matrix, matrix, resolveOptions } from '../base/index.js';
import { type NativeElement, type NativePooling, type NativeStates, native } from '../native/index.js';
import { recipeOf } from './families/poolings.js';
import type { Pooling } from './types.js';

export interface HiddenStates {
  /**
   * Hidden states of a model of L blocks: L + 1 arrays, from the embedding layer's to that of the last block after the final
   * norm; or the last one alone, of which `mean` and `last_token` can be had. Each has a row of `hidden` values for each
   * token: float32, or the bits of half floats in a Uint16Array.
   */
  readonly layers: readonly NativeStates[];
  readonly hidden: number;
  /** Of the arrays. Default float32. */
  readonly element?: NativeElement;
  /** Rows of the texts: one after another, text i from offsets[i] to offsets[i + 1] - 1, or equally many for each. */
  readonly rows: { readonly offsets: Int32Array } | { readonly texts: number };
  /** For each row, 0 where it does not count: padding on either side, special tokens. Default: all count. */
  readonly mask?: ArrayLike<number> | ArrayLike<bigint>;
}

export interface PoolStatesOptions {
  /** Whether `avg_avg` counts the embedding layer as a layer. Default true. */
  readonly embeddingLayer?: boolean;
  /** Of the addon; the vectors do not depend on it. Default 1. */
  readonly threads?: number;
}

const defaults: Required<PoolStatesOptions> = { embeddingLayer: true, threads: 1 };

/**
 * A matrix for each pooling, a row for each text. `[tokens, hidden]` of packed texts has offsets; `[texts, tokens, hidden]`
 * is given as it lies in memory, with the attention mask of the run. Sums are float32, token after token.
 *
 *     const [means] = poolStates({ layers: [output.data], hidden: 384, rows: { texts: 2 }, mask }, ['mean']);
 *
 * Throws ERR_OPTION for an unknown pooling, ERR_SHAPE for arrays that do not fit together, ERR_DATA for a text without a token
 * that counts and for values that are not finite.
 */
export function poolStates(
  { layers, hidden, element = 'float32', rows, mask }: HiddenStates,
  poolings: readonly Pooling[],
  options?: PoolStatesOptions,
): Matrix[] {
  const { embeddingLayer, threads } = resolveOptions('poolStates', defaults, options);
  const asked = poolings.map((pooling) => nativePooling(pooling, layers.length, embeddingLayer));
  const length = (layers[0]?.length ?? 0) / hidden;
  const spans = 'offsets' in rows ? packed(rows.offsets) : padded(rows.texts, length);
  const counted = mask && Uint8Array.from({ length: mask.length }, (_, i) => (Number(mask[i]) === 0 ? 0 : 1));
  try {
    const found = native().poolTokens(layers, element, hidden, spans, counted ?? null, asked, threads);
    return found.map((data, at) => {
      const { overLayers, layers: used } = asked[at]!;
      return matrix(spans.length / 2, overLayers === 'stack' ? used.length * hidden : hidden, data);
    });
  } catch (error) {
    throw asColeError(error, 'ERR_ADDON');
  }
}

function nativePooling(pooling: Pooling, states: number, embeddingLayer: boolean): NativePooling {
  const isLastAlone = states === 1;
  if (isLastAlone && pooling !== 'mean' && pooling !== 'last_token')
    throw new ColeError('ERR_OPTION', `expected a pooling of mean or last_token for one hidden state, got ${pooling}`);
  const last = states - 1;
  const recipe = recipeOf(pooling, { layers: last }, embeddingLayer);
  switch (recipe.kind) {
    case 'states':
      throw new ColeError('ERR_OPTION', `expected a pooling, got ${pooling}`);
    case 'last':
      return { tokens: 'last_token', overLayers: 'mean', layers: Int32Array.of(last) };
    default: {
      const overLayers = recipe.kind === 'each' ? 'stack' : 'mean';
      return { tokens: 'mean', overLayers, layers: Int32Array.from(recipe.layers) };
    }
  }
}

function packed(offsets: Int32Array): Int32Array {
  const spans = new Int32Array(2 * Math.max(0, offsets.length - 1));
  for (let text = 0; text + 1 < offsets.length; text++) spans.set(offsets.subarray(text, text + 2), 2 * text);
  return spans;
}

function padded(texts: number, rows: number): Int32Array {
  const each = rows / texts;
  if (!Number.isSafeInteger(texts) || texts < 1 || !Number.isSafeInteger(each))
    throw new ColeError('ERR_SHAPE', `expected rows for each of ${texts} texts, got ${rows} rows`);
  return Int32Array.from({ length: 2 * texts }, (_, i) => Math.ceil(i / 2) * each);
}
