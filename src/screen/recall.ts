/**
 * How much of the best a first stage lets through, measured where the truth is known: every row of the table gets a score
 * from a head that has not seen it (cross-validation), and the recall is the part of the truly best 1 % that is among the
 * best q by that score. Rows of a table that holds many good ones say less about random ones than they seem to.
 */
import { stream } from '../base/index.js';
import { space as spaceOf } from '../spaces/index.js';
import { createScorer, itemOf, type ScorerSetup } from './scorer.js';

export const folds = 5;
/** The part of the rows that counts as best, at least ten of them: of three rows a recall says nothing. */
const bestShare = 0.01;
const leastBest = 10;

export interface RecallPoint {
  /** Part that the full stage sees. */
  readonly share: number;
  /** Part of the truly best rows within it. */
  readonly recall: number;
}

export interface Recall {
  readonly rows: number;
  /** Rows that count as best. */
  readonly best: number;
  readonly points: readonly RecallPoint[];
}

export const recallShares = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5] as const;

/** Number of the fold of each row: a shuffled deal, so that folds are equally large. */
export function dealFolds(rows: number, seed: number): Uint8Array {
  const order = stream('screen recall', seed).shuffle(Array.from({ length: rows }, (_, row) => row));
  const fold = new Uint8Array(rows);
  order.forEach((row, at) => {
    fold[row] = at % folds;
  });
  return fold;
}

export function recallCurve(
  values: Float64Array,
  scores: Float64Array,
  fold: Uint8Array,
  shares: readonly number[],
): Recall {
  const truly = trulyBest(values);
  const place = placesOf(scores, fold);
  const [rows, best] = [values.length, truly.length];
  const points = shares.map((share) => ({ share, recall: truly.filter((row) => place[row]! <= share).length / best }));
  return { rows, best, points };
}

/** Rows that count as best. */
export function trulyBest(values: Float64Array): number[] {
  const { length } = values;
  return byDescending(values).slice(0, Math.min(length, Math.max(leastBest, Math.round(bestShare * length))));
}

/** Scores within each fold become ranks in 0 to 1, best first, since heads of different folds have scales of their own. */
export function placesOf(scores: Float64Array, fold: Uint8Array): Float64Array {
  const place = new Float64Array(scores.length);
  for (let f = 0; f < folds; f++) {
    const members = byDescending(scores).filter((row) => fold[row] === f);
    members.forEach((row, at) => {
      place[row] = (at + 0.5) / members.length;
    });
  }
  return place;
}

function byDescending(values: Float64Array): number[] {
  return [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
}

/** Scores of all known architectures by features `spec`, each from a head that was fitted without its fold. */
export async function heldOutScores(setup: ScorerSetup, spec: string, fold: Uint8Array): Promise<Float64Array> {
  const { archs, values } = setup.train;
  const dimension = setup.vectors === null ? 0 : setup.vectors.length / archs.length;
  const space = spaceOf(setup.space);
  const scores = new Float64Array(archs.length);
  const rows = [...archs.keys()];
  for (let f = 0; f < folds; f++) {
    const train = rows.filter((row) => fold[row] !== f);
    const test = rows.filter((row) => fold[row] === f);
    const vectors = new Float32Array(train.length * dimension);
    train.forEach((row, at) => {
      vectors.set(setup.vectors?.subarray(row * dimension, (row + 1) * dimension) ?? [], at * dimension);
    });
    const items = test.map((row) => itemOf(space, setup.style, space.parse(archs[row]!)));
    const vectorsOfTest = new Map(
      setup.vectors === null
        ? []
        : items.map(({ text }, at) => [
            text,
            setup.vectors!.subarray(test[at]! * dimension, (test[at]! + 1) * dimension),
          ]),
    );
    const scorer = await createScorer({
      ...setup,
      first: null,
      full: spec,
      train: { archs: train.map((row) => archs[row]!), values: Float64Array.from(train, (row) => values[row]!) },
      vectors: setup.vectors === null ? null : vectors,
    });
    try {
      const { mean } = await scorer.full(items, { vectors: vectorsOfTest });
      test.forEach((row, at) => {
        scores[row] = mean[at]!;
      });
    } finally {
      await scorer.close();
    }
  }
  return scores;
}
