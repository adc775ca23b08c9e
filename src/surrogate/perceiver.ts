/** An ensemble of Perceivers over the layers of a row, trained and scored by the addon. */
import { matrix, seedOf } from '../base/index.js';
import { type NativeAttention, type NativeMlpSpec, native } from '../native/index.js';
import { arrayOf, type FittedHead, type Head, withColumns } from './head.js';
import { specOf } from './mlp.js';
import type { PerceiverOptions } from './presets.js';

interface Header {
  readonly attention: NativeAttention;
  readonly spec: NativeMlpSpec;
  readonly members: number;
}

export const perceiver: Head<PerceiverOptions> = {
  fit(options, features, y, seed) {
    const { layers, attentionHeads: heads, attentionWidth: headWidth, members, threads } = options;
    const { data, rows, cols } = withColumns(features, layers);
    const attention = { layers, heads, headWidth };
    const spec = specOf(options, { outputL1: 0, init: 'uniform' });
    const seeds = Uint32Array.from({ length: members }, (_, i) => seedOf(seed, 'member', i));
    const targets = Float32Array.from(y);
    const { weights } = native().trainPerceiver(data, targets, rows, cols, attention, spec, seeds, threads);
    return fitted({ attention, spec, members }, weights);
  },
  load: (header, arrays) => fitted(header as Header, arrayOf(arrays, 'weights', Float32Array)),
};

function fitted(header: Header, weights: Float32Array): FittedHead {
  const { attention, spec, members } = header;
  return {
    predict(features, threads) {
      const { data, rows, cols } = withColumns(features, attention.layers);
      const out = native().predictPerceiver(weights, members, attention, spec, data, rows, cols, threads);
      return { members: matrix(members, rows, out) };
    },
    header,
    arrays: { weights },
  };
}
