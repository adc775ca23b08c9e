/**
 * Which rows a trial of a regression study learns from and is judged on. Splits and subsamples are pure functions of the
 * seed, so every method sees the same ones and comparisons are paired.
 */
import { ColeError, seedOf, stream } from '../../base/index.js';

/** Folds are balanced over this many bins of equal counts. */
const bins = 5;

/**
 * Fold of every row in one repeat: rows are cut into five bins by rank of `values` (ties in the order of rows), each bin is
 * shuffled and dealt out to `folds` folds in turn. Fold sizes differ by one at most, as do a bin's shares of the folds.
 */
export function stratifiedFolds(values: Float64Array, folds: number, seed: number, repeat: number): Int32Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
  const out = new Int32Array(values.length);
  let dealt = 0;
  for (let bin = 0; bin < bins; bin++) {
    const [from, to] = [bin, bin + 1].map((edge) => Math.round((edge * order.length) / bins));
    const rng = stream(seed, 'regression', 'folds', repeat, bin);
    // Dealing goes on where the last bin stopped: no fold collects the remainders of all bins.
    for (const row of rng.shuffle(order.slice(from, to))) out[row] = dealt++ % folds;
  }
  return out;
}

export interface TrialRows {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/** Rows of one trial: `size` of those outside the fold, drawn without replacement, and all of the fold. */
export function trialRowsOf(folds: Int32Array, fold: number, size: number, seed: number, repeat: number): TrialRows {
  const test: number[] = [];
  const pool: number[] = [];
  folds.forEach((of, row) => {
    (of === fold ? test : pool).push(row);
  });
  if (size > pool.length)
    throw new ColeError(
      'ERR_OPTION',
      `expected a size of at most ${pool.length}, the rows outside a fold, got ${size}`,
    );
  const train = stream(seed, 'regression', 'rows', repeat, fold, size).shuffle(pool).slice(0, size);
  return { train, test };
}

/** Seed of a head's fit: the same for all methods. */
export function fitSeed(seed: number, repeat: number, fold: number, size: number): number {
  return seedOf(seed, 'regression', 'fit', repeat, fold, size);
}
