/** Heads beside the perceptron: that they learn, know what they do not know, say the same for any threads, and load again. */
import { describe, expect, it } from 'vitest';
import { kendallTauB, type Matrix, matrix, stream } from '#cole/base/index.js';
import {
  createSurrogate,
  headNames,
  loadSurrogate,
  resolveSurrogate,
  type SurrogateChoice,
  surrogatePresets,
  xgboostLibrary,
} from '#cole/surrogate/index.js';

const cols = 8;

/** A smooth function of some columns plus noise of deviation `noise`, in the range of accuracies. */
function data(rows: number, key: string, noise = 0): { x: Matrix; y: Float64Array } {
  const rng = stream(key);
  const x = matrix(rows, cols, Float32Array.from({ length: rows * cols }, rng.normal));
  const at = (i: number, j: number) => x.data[i * cols + j]!;
  const y = Float64Array.from(
    { length: rows },
    (_, i) => 80 + 3 * at(i, 0) - 2 * at(i, 1) + at(i, 2) * at(i, 3) + noise * rng.normal(),
  );
  return { x, y };
}

function xgboostReason(): string | undefined {
  try {
    xgboostLibrary();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
const noXgboost = xgboostReason();
if (noXgboost !== undefined) console.warn(`skipped, the trees of XGBoost: ${noXgboost}`);
const available = headNames.filter((head) => head !== 'xgboost' || noXgboost === undefined);

const train = data(120, 'train', 0.5);
const test = data(300, 'test', 0.5);
/** Of each head, fast enough for a test. */
const small: Readonly<Record<string, SurrogateChoice>> = {
  mlp: { epochs: 20 },
  xgboost: { rounds: 60, learningRate: 0.1 },
  perceiver: { layers: 2, attentionHeads: 2, attentionWidth: 8, hidden: [32], epochs: 60, learningRate: 5e-3 },
};
/** Their outputs for one row, or for equal targets, are near the target only. */
const networks = ['mlp', 'perceiver'];
const choiceOf = (head: string): SurrogateChoice => ({ head: head as 'gp', ...small[head] });

for (const head of available)
  describe(`head ${head}`, () => {
    const choice = choiceOf(head);
    const fitted = createSurrogate(choice).fit(train.x, train.y, 1);

    it('ranks what it has not seen', () => {
      const { mean, std, members } = fitted.predict(test.x);
      expect(kendallTauB(mean, test.y)).toBeGreaterThan(['xgboost', 'perceiver'].includes(head) ? 0.55 : 0.7);
      expect([...std].every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
      expect(std.some((value) => value > 0)).toBe(true);
      expect(members.cols).toBe(300);
    });

    it('gives the same bits for any number of threads and any company', () => {
      const three = createSurrogate({ ...choice, threads: 3 }).fit(train.x, train.y, 1);
      const all = three.predict(test.x);
      expect(all).toEqual(fitted.predict(test.x));
      const one = fitted.predict(matrix(1, cols, test.x.data.slice(7 * cols, 8 * cols)));
      expect([one.mean[0], one.std[0]]).toEqual([all.mean[7], all.std[7]]);
    });

    it('loads from Arrow and predicts the same bits, with every reducer', () => {
      for (const standardize of ['none', 'zscore', 'l2'] as const)
        for (const [components, whiten] of [
          [0, null],
          [5, null],
          [5, 1e-3],
        ] as const) {
          const made = createSurrogate({ ...choice, standardize, components, whiten }).fit(train.x, train.y, 1);
          const bytes = made.serialize();
          const loaded = loadSurrogate(bytes, 2);
          expect(loaded.predict(test.x)).toEqual(made.predict(test.x));
          expect(Buffer.compare(loaded.serialize(), bytes)).toBe(0);
        }
    });

    it('is well defined for one row, equal targets, equal rows and more components than rows', () => {
      const finite = (x: Matrix, y: Float64Array, more: SurrogateChoice = {}) => {
        const { mean, std } = createSurrogate({ ...choice, ...more })
          .fit(x, y, 1)
          .predict(test.x);
        expect([...mean, ...std].every(Number.isFinite)).toBe(true);
        return mean;
      };
      const first = (rows: number) => matrix(rows, cols, train.x.data.slice(0, rows * cols));
      for (const components of [0, 128]) {
        const one = finite(first(1), Float64Array.of(90), { components });
        if (!networks.includes(head)) expect([...one].every((value) => Math.abs(value - 90) < 1e-3)).toBe(true);
        const constant = finite(train.x, new Float64Array(120).fill(50), { components });
        expect([...constant].every((value) => Math.abs(value - 50) < 5)).toBe(true);
        expect(new Set(finite(matrix(120, cols), train.y, { components, standardize: 'zscore' })).size).toBe(1);
        finite(first(3), Float64Array.of(1, 2, 3), { components });
        finite(first(2), Float64Array.of(1, 2), { components, standardize: 'zscore' });
      }
    });

    it('names what is wrong', () => {
      const bad = matrix(120, cols, train.x.data.slice());
      bad.data[5 * cols + 3] = Number.NaN;
      expect(() => createSurrogate(choice).fit(bad, train.y, 1)).toThrow(/got NaN in row 5, column 3/);
      expect(() => fitted.predict(bad)).toThrow(/got NaN in row 5, column 3/);
      const target = train.y.slice();
      target[9] = Number.NaN;
      expect(() => createSurrogate(choice).fit(train.x, target, 1)).toThrow(
        'expected finite targets, got NaN in row 9',
      );
      expect(() => fitted.predict(matrix(2, 3))).toThrow(`expected ${cols} features per row, got 3`);
    });
  });

describe('ridge', () => {
  it('has the slopes of the normal equations at the penalty of smallest leave-one-out error', () => {
    // Two features: the equations are solved by hand, and rows are left out one by one.
    const rng = stream('ridge');
    const rows = 25;
    const x = matrix(rows, 2, Float32Array.from({ length: 2 * rows }, rng.normal));
    const y = Float64Array.from({ length: rows }, (_, i) => 2 * x.data[2 * i]! - x.data[2 * i + 1]! + rng.normal());
    const solve = (kept: readonly number[], penalty: number) => {
      const mean = (of: (i: number) => number) => kept.reduce((sum, i) => sum + of(i), 0) / kept.length;
      const [a, b, c] = [mean((i) => x.data[2 * i]!), mean((i) => x.data[2 * i + 1]!), mean((i) => y[i]!)];
      let [aa, ab, bb, ac, bc] = [penalty, 0, penalty, 0, 0];
      for (const i of kept) {
        const [p, q, r] = [x.data[2 * i]! - a, x.data[2 * i + 1]! - b, y[i]! - c];
        [aa, ab, bb, ac, bc] = [aa + p * p, ab + p * q, bb + q * q, ac + p * r, bc + q * r];
      }
      const determinant = aa * bb - ab * ab;
      const [u, v] = [(ac * bb - bc * ab) / determinant, (bc * aa - ac * ab) / determinant];
      return (i: number) => c + u * (x.data[2 * i]! - a) + v * (x.data[2 * i + 1]! - b);
    };
    const everyone = Array.from({ length: rows }, (_, i) => i);
    const leftOut = (penalty: number) =>
      everyone.reduce(
        (sum, i) =>
          sum +
          (y[i]! -
            solve(
              everyone.filter((j) => j !== i),
              penalty,
            )(i)) **
            2,
        0,
      );
    const fitted = createSurrogate({ head: 'ridge', rawTargets: true }).fit(x, y, 1);
    const { mean } = fitted.predict(x);
    // The fitted penalty is found by what it predicts; no other on a fine grid has a smaller error by more than its step.
    const powers = Array.from({ length: 1001 }, (_, i) => -4 + i / 100);
    const miss = (power: number) =>
      everyone.reduce((sum, i) => sum + Math.abs(solve(everyone, 10 ** power)(i) - mean[i]!), 0);
    const taken = powers.reduce((best, power) => (miss(power) < miss(best) ? power : best));
    expect(miss(taken) / rows).toBeLessThan(0.003);
    const least = Math.min(...powers.map((power) => leftOut(10 ** power)));
    expect(leftOut(10 ** taken)).toBeLessThan(1.002 * least);
  });
});

describe('std of heads that are no ensembles', () => {
  it('covers new values as often as it claims', () => {
    for (const head of ['ridge', 'gp'] as const)
      for (const rows of [60, 240]) {
        const { x, y } = data(rows, 'calibration', 0.5);
        const { mean, std } = createSurrogate({ head }).fit(x, y, 1).predict(test.x);
        const inside = (width: number) =>
          test.y.filter((value, i) => Math.abs(value - mean[i]!) < width * std[i]!).length / 300;
        // 0.68 and 0.95 for a normal distribution.
        expect(inside(1)).toBeGreaterThan(0.58);
        expect(inside(1)).toBeLessThan(0.85);
        expect(inside(2)).toBeGreaterThan(0.88);
      }
  });
  it('of a Gaussian process is small at its rows and large far away', () => {
    const { x, y } = data(80, 'far');
    const fitted = createSurrogate({ head: 'gp', components: 0 }).fit(x, y, 1);
    const far = matrix(1, cols, new Float32Array(cols).fill(30));
    const there = fitted.predict(x).std.reduce((a, b) => a + b) / 80;
    const { mean, std } = fitted.predict(far);
    expect(std[0]! > 3 * there).toBe(true);
    expect(mean[0]).toBeCloseTo(y.reduce((a, b) => a + b) / 80, 3);
  });
});

describe('reducers', () => {
  it('whitening evens out the components', () => {
    // A column a thousand times the others leads a process of one length; whitened, it is one of eight.
    const stretched = (x: Matrix) =>
      matrix(
        x.rows,
        cols,
        x.data.map((value, i) => (i % cols === 7 ? 1000 * value : value)),
      );
    const tau = (whiten: number | null) =>
      kendallTauB(
        createSurrogate({ head: 'gp', whiten }).fit(stretched(train.x), train.y, 1).predict(stretched(test.x)).mean,
        test.y,
      );
    expect(tau(1e-6)).toBeGreaterThan(tau(null) + 0.1);
  });
  it('layers share one basis, and a layer alone is read as itself', () => {
    // Two layers that hold the same vector: whatever is learnt from both is in the components of one.
    const twice = (x: Matrix) => {
      const out = matrix(x.rows, 2 * cols);
      for (let i = 0; i < x.rows; i++)
        for (const at of [0, cols]) out.data.set(x.data.subarray(i * cols, (i + 1) * cols), i * 2 * cols + at);
      return out;
    };
    const fitted = createSurrogate({ head: 'ridge', layers: 2, components: 4 }).fit(twice(train.x), train.y, 1);
    const alone = createSurrogate({ head: 'ridge', components: 4 }).fit(train.x, train.y, 1).predict(test.x).mean;
    const both = fitted.predict(twice(test.x)).mean;
    expect(kendallTauB(both, alone)).toBeGreaterThan(0.98);
    expect(() => fitted.predict(test.x)).toThrow(`expected ${2 * cols} features per row, got ${cols}`);
    expect(() => createSurrogate({ head: 'ridge', layers: 3 }).fit(train.x, train.y, 1)).toThrow(/expected 3 layers/);
  });
});

describe('options of heads', () => {
  it('belong to one head and lie in their range', () => {
    expect(() => createSurrogate({ head: 'tree' as never })).toThrow(
      /expected one of mlp, ridge, gp, xgboost, perceiver/,
    );
    expect(() => createSurrogate({ head: 'ridge', loss: 'mse' })).toThrow(/option of head ridge, got loss/);
    expect(() => createSurrogate({ head: 'gp', preset: 'reference-study' })).toThrow(/preset of head gp/);
    expect(() => createSurrogate({ head: 'xgboost', subsample: 0 })).toThrow(/subsample/);
    expect(() => createSurrogate({ whiten: -1 })).toThrow(/whiten/);
    expect(() => createSurrogate({ whiten: 0, components: 0 })).toThrow(/components to whiten/);
  });
  it('of every preset resolve to themselves', () => {
    for (const head of headNames)
      for (const [preset, options] of Object.entries(surrogatePresets[head]))
        expect(resolveSurrogate({ head, preset: preset as 'cole' })).toEqual(options);
  });
});

describe('the XGBoost library', () => {
  it.runIf(noXgboost === undefined)('makes identical members where nothing is sampled', () => {
    const published = { ...choiceOf('xgboost'), preset: 'reference-naslib' } as const;
    const { std } = createSurrogate(published).fit(train.x, train.y, 1).predict(test.x);
    expect(std.every((value) => value === 0)).toBe(true);
  });
});
