/** An ensemble of perceptrons, trained and scored by the addon. */
import { matrix, seedOf } from '../base/index.js';
import { type NativeMlpSpec, native } from '../native/index.js';
import { arrayOf, type FittedHead, type Head } from './head.js';
import type { MlpOptions, NetworkOptions } from './presets.js';

export const mlp: Head<MlpOptions> = {
  companions: true,
  fit(options, x, y, seed, companion) {
    const { members, threads } = options;
    const spec = { ...specOf(options, options), outputs: companion ? 2 : 1 };
    // The companion comes first: the last output is the one that counts.
    const targets = companion
      ? Float32Array.from({ length: 2 * x.rows }, (_, i) => (i % 2 ? y : companion)[i >> 1]!)
      : y;
    const seeds = Uint32Array.from({ length: members }, (_, i) => seedOf(seed, 'member', i));
    const { weights } = native().trainMlp(x.data, Float32Array.from(targets), x.rows, x.cols, spec, seeds, threads);
    return fitted(spec, members, weights);
  },
  load(header, arrays) {
    const { spec, members } = header as { spec: NativeMlpSpec; members: number };
    return fitted(spec, members, arrayOf(arrays, 'weights', Float32Array));
  },
};

function fitted(spec: NativeMlpSpec, members: number, weights: Float32Array): FittedHead {
  return {
    predict: ({ data, rows, cols }, threads) => {
      const outputs = native().predictMlp(weights, members, spec, data, rows, cols, threads);
      const counts = spec.outputs === 1 ? outputs : outputs.filter((_, i) => i % 2 === 1);
      return { members: matrix(members, rows, counts) };
    },
    header: { spec, members },
    arrays: { weights },
  };
}

/** What the addon's training needs of the options of a network. */
export function specOf(options: NetworkOptions, { outputL1, init }: Pick<NativeMlpSpec, 'outputL1' | 'init'>) {
  const { hidden, negativeSlope, dropout, loss, margin, learningRate } = options;
  const { beta1, beta2, epsilon, batch, epochs, shuffle, clipNorm } = options;
  return {
    hidden,
    outputs: 1,
    negativeSlope,
    dropout,
    loss,
    margin,
    maxPairs: 4 * batch,
    outputL1,
    init,
    learningRate,
    beta1,
    beta2,
    epsilon,
    batch,
    epochs,
    shuffle,
    clipNorm,
  };
}
