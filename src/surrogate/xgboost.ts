/** Ensembles of boosted trees, trained and scored by the XGBoost library (Chen and Guestrin, KDD 2016). */
import { matrix, seedOf } from '../base/index.js';
import { native } from '../native/index.js';
import { arrayOf, average, type FittedHead, type Head, withColumns } from './head.js';
import type { XgboostOptions } from './presets.js';
import { xgboostLibrary } from './xgboost-library.js';

export const xgboost: Head<XgboostOptions> = {
  fit(options, features, y, seed) {
    const { members, rounds, threads } = options;
    const library = xgboostLibrary();
    const x = withColumns(features, 1);
    const seeds = Uint32Array.from({ length: members }, (_, i) => seedOf(seed, 'member', i));
    const targets = Float32Array.from(y);
    const words = Object.entries(parameters(options, average(y))).flatMap(([name, value]) => [name, String(value)]);
    const models = native().trainXgboost(library, x.data, targets, x.rows, x.cols, words, rounds, seeds, threads);
    return fitted(models.bytes, models.offsets, native().xgboostVersion(library));
  },
  load(header, arrays) {
    const { offsets, version } = header as { offsets: number[]; version: string };
    return fitted(arrayOf(arrays, 'models', Uint8Array), Int32Array.from(offsets), version);
  },
};

/** Everything is said, since defaults differ between versions: older ones start at 0.5 instead of the mean. */
function parameters(options: XgboostOptions, mean: number): Readonly<Record<string, string | number>> {
  return {
    objective: 'reg:squarederror',
    tree_method: 'hist',
    max_bin: 256,
    max_depth: options.depth,
    eta: options.learningRate,
    subsample: options.subsample,
    colsample_bytree: options.columnSample,
    lambda: 1,
    min_child_weight: 1,
    base_score: mean,
    verbosity: 0,
  };
}

function fitted(models: Uint8Array, offsets: Int32Array, version: string): FittedHead {
  return {
    predict(features, threads) {
      const { data, rows, cols } = withColumns(features, 1);
      const out = native().predictXgboost(xgboostLibrary(), models, offsets, data, rows, cols, threads);
      return { members: matrix(offsets.length - 1, rows, out) };
    },
    header: { offsets: [...offsets], version },
    arrays: { models },
  };
}
