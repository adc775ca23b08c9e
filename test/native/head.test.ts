/** The numeric bindings from JavaScript: against references of their own, bad input, buffers. */
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { type NativeMlpSpec, native } from '#cole/native/index.js';

const addon = native();
const random = (n: number, ...key: (string | number)[]) => {
  const rng = stream('head', ...key);
  return Float32Array.from({ length: n }, () => rng.normal());
};
const spec: NativeMlpSpec = {
  hidden: [16, 16],
  outputs: 1,
  negativeSlope: 0.01,
  dropout: 0.1,
  loss: 'mse',
  margin: 0.1,
  maxPairs: 128,
  outputL1: 0,
  init: 'uniform',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  batch: 32,
  epochs: 5,
  shuffle: true,
  clipNorm: 1,
};
const code = (f: () => unknown) => {
  try {
    f();
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return 'no error';
};

/** Eigenvalues and vectors of a symmetric matrix by cyclic Jacobi rotations. */
function jacobi(input: number[][]): { value: number; vector: number[] }[] {
  const n = input.length;
  const a = input.map((line) => line.slice());
  const v = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 30; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p]![q]!) < 1e-300) continue;
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (const m of [a, v])
          for (let i = 0; i < n; i++) {
            const [x, y] = [m[i]![p]!, m[i]![q]!];
            m[i]![p] = c * x - s * y;
            m[i]![q] = s * x + c * y;
          }
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[p]![i]!, a[q]![i]!];
          a[p]![i] = c * x - s * y;
          a[q]![i] = s * x + c * y;
        }
      }
  return a.map((line, i) => ({ value: line[i]!, vector: v.map((row) => row[i]!) })).sort((x, y) => y.value - x.value);
}

describe('fitPca', () => {
  // Fewer rows than columns, as many, more: both ways through the smaller product.
  for (const [rows, cols] of [
    [9, 30],
    [20, 20],
    [60, 17],
  ] as const)
    it(`equals Jacobi rotations of the covariance for ${rows} x ${cols}`, () => {
      const x = random(rows * cols, rows, cols).map((value, i) => value * (1 + (i % cols)) + (i % cols));
      const mean = Array.from({ length: cols }, (_, j) => {
        let sum = 0;
        for (let i = 0; i < rows; i++) sum += x[i * cols + j]!;
        return sum / rows;
      });
      const covariance = mean.map((_, p) =>
        mean.map((__, q) => {
          let sum = 0;
          for (let i = 0; i < rows; i++) sum += (x[i * cols + p]! - mean[p]!) * (x[i * cols + q]! - mean[q]!);
          return sum / (rows - 1);
        }),
      );
      const k = Math.min(rows - 1, cols);
      const pca = addon.fitPca(x, rows, cols, k, 2);
      const expected = jacobi(covariance);
      for (let c = 0; c < k; c++) {
        const { value, vector } = expected[c]!;
        expect(pca.variances[c]! / value).toBeCloseTo(1, 4);
        const loading = vector.reduce((best, w) => (Math.abs(w) > Math.abs(best) ? w : best), 0);
        for (let j = 0; j < cols; j++)
          expect(pca.components[c * cols + j]).toBeCloseTo(vector[j]! * Math.sign(loading), 4);
      }
      for (let j = 0; j < cols; j++) expect(pca.mean[j]).toBeCloseTo(mean[j]!, 4);
      // Same bits on one thread, on several, and from shared memory.
      expect(addon.fitPca(x, rows, cols, k, 1)).toEqual(pca);
      const shared = new Float32Array(new SharedArrayBuffer(x.byteLength));
      shared.set(x);
      expect(addon.fitPca(shared, rows, cols, k, 3)).toEqual(pca);
    });

  it('keeps directions a thousand times weaker than an outlier dimension', () => {
    const [rows, cols] = [40, 100];
    const x = random(rows * cols, 'outlier');
    const weak = addon.fitPca(x, rows, cols, 39, 1);
    for (let i = 0; i < rows; i++) x[i * cols] = 1e4 * (i % 2 ? 1 : -1);
    const strong = addon.fitPca(x, rows, cols, 39, 1);
    expect(strong.variances[0]).toBeGreaterThan(9e7);
    for (let c = 1; c < 38; c++) {
      expect(strong.variances[c]).toBeLessThan(weak.variances[c - 1]! * 1.001);
      expect(strong.variances[c]).toBeGreaterThan(weak.variances[c + 1]! * 0.999);
    }
  });

  it('gives no component for one row, zeros for equal rows', () => {
    expect(addon.fitPca(Float32Array.of(1, 2), 1, 2, 0, 1)).toEqual({
      mean: Float32Array.of(1, 2),
      components: new Float32Array(0),
      variances: new Float32Array(0),
    });
    const equal = addon.fitPca(Float32Array.of(1, 2, 1, 2, 1, 2), 3, 2, 2, 1);
    expect(equal.components).toEqual(new Float32Array(4));
    expect(equal.variances).toEqual(new Float32Array(2));
  });
});

describe('training', () => {
  const x = random(50 * 10, 'x');
  const y = random(50, 'y');

  it('gives the same bits for any number of threads, and each member those of its seed alone', () => {
    for (const loss of ['mse', 'hinge'] as const) {
      const seeds = Uint32Array.of(5, 6, 7);
      const all = addon.trainMlp(x, y, 50, 10, { ...spec, loss }, seeds, 1);
      expect(addon.trainMlp(x, y, 50, 10, { ...spec, loss }, seeds, 3)).toEqual(all);
      const second = addon.trainMlp(x, y, 50, 10, { ...spec, loss }, Uint32Array.of(6), 1).weights;
      expect(all.weights.subarray(second.length, 2 * second.length)).toEqual(second);
      expect(all.weights.subarray(0, second.length)).not.toEqual(second);
    }
  });

  it('trains two outputs, of which the hinge loss sees the last', () => {
    const both = Float32Array.from({ length: 100 }, (_, i) => (i % 2 ? y[i >> 1]! : -2 * y[i >> 1]!));
    const two = { ...spec, outputs: 2, epochs: 200, dropout: 0, clipNorm: 0 };
    const seeds = Uint32Array.of(3);
    const { weights, finalLoss } = addon.trainMlp(x, both, 50, 10, two, seeds, 2);
    expect(weights.length).toBe(16 * 11 + 16 * 17 + 2 * 17);
    const out = addon.predictMlp(weights, 1, two, x, 50, 10, 2);
    const error = out.reduce((sum, value, i) => sum + (value - both[i]!) ** 2, 0) / 100;
    expect(out.length).toBe(100);
    expect(error).toBeLessThan(0.5);
    expect(finalLoss[0]).toBeLessThan(0.5);
    const hinge = { ...two, loss: 'hinge' as const };
    const other = both.map((value, i) => (i % 2 ? value : 9));
    expect(addon.trainMlp(x, other, 50, 10, hinge, seeds, 1)).toEqual(addon.trainMlp(x, both, 50, 10, hinge, seeds, 2));
    expect(code(() => addon.trainMlp(x, y, 50, 10, two, seeds, 1))).toMatch(/^ERR_SHAPE: expected 100 elements for y/);
    both[9] = Number.NaN;
    expect(code(() => addon.trainMlp(x, both, 50, 10, two, seeds, 1))).toBe(
      'ERR_DATA: expected finite values for y, got nan in row 4, column 1',
    );
  });

  it('takes batches in the given order without shuffling', () => {
    // Rows beyond the first batch come later: with one epoch of one batch the rest has no say.
    const one = { ...spec, shuffle: false, batch: 25, epochs: 1 };
    const seeds = Uint32Array.of(1);
    const first = addon.trainMlp(x.subarray(0, 250), y.subarray(0, 25), 25, 10, one, seeds, 1);
    const again = addon.trainMlp(x.subarray(0, 250), y.subarray(0, 25), 25, 10, { ...one, batch: 99 }, seeds, 1);
    expect(again).toEqual(first);
    expect(addon.trainMlp(x, y, 50, 10, one, seeds, 1).weights).not.toEqual(first.weights);
  });

  it('trains all networks with zero epochs to their initial weights', () => {
    const { weights, finalLoss } = addon.trainMlp(x, y, 50, 10, { ...spec, epochs: 0 }, Uint32Array.of(1, 2), 1);
    expect(weights.length).toBe(2 * (16 * 11 + 16 * 17 + 17));
    expect(finalLoss).toEqual(Float32Array.of(0, 0));
  });
});

describe('bad input', () => {
  const x = new Float32Array(6);
  const seeds = Uint32Array.of(1);

  it('names row and column of a value that is not finite', () => {
    const bad = Float32Array.of(0, 1, 2, 3, Number.NaN, 5);
    expect(code(() => addon.fitPca(bad, 3, 2, 1, 1))).toBe(
      'ERR_DATA: expected finite values for x, got nan in row 2, column 0',
    );
    expect(code(() => addon.trainMlp(bad, new Float32Array(3), 3, 2, spec, seeds, 1))).toMatch(
      /^ERR_DATA.*row 2, column 0/,
    );
    expect(code(() => addon.trainMlp(x, Float32Array.of(0, 1 / 0, 0), 3, 2, spec, seeds, 1))).toMatch(
      /^ERR_DATA: expected finite values for y, got inf in row 1/,
    );
    expect(code(() => addon.project(bad, 3, 2, new Float32Array(2), new Float32Array(2), 1, 1))).toMatch(/^ERR_DATA/);
    const { weights } = addon.trainMlp(x, new Float32Array(3), 3, 2, spec, seeds, 1);
    expect(code(() => addon.predictMlp(weights, 1, spec, bad, 3, 2, 1))).toMatch(/^ERR_DATA/);
  });

  it('refuses lengths that do not fit, more components than there are, and wrong types', () => {
    expect(code(() => addon.fitPca(x, 4, 2, 1, 1))).toBe('ERR_SHAPE: expected 8 elements for x, got 6');
    expect(code(() => addon.fitPca(x, 3, 2, 3, 1))).toMatch(/^ERR_OPTION: expected an integer from 0 to 2 for k/);
    expect(code(() => addon.fitPca(x, 0, 2, 0, 1))).toMatch(/^ERR_SHAPE/);
    expect(code(() => addon.fitPca(new Float64Array(6) as never, 3, 2, 1, 1))).toMatch(
      /^ERR_OPTION: expected a Float32Array/,
    );
    expect(code(() => addon.fitPca(x, 3, 2, 1, 0))).toMatch(/threads/);
    expect(code(() => addon.gemm(x, x, 2, 3, 2, false, false, 1))).toBe('ERR_SHAPE: expected 4 elements for a, got 6');
    expect(code(() => addon.trainMlp(x, x, 3, 2, spec, seeds, 1))).toMatch(/^ERR_SHAPE: expected 3 elements for y/);
    expect(code(() => addon.predictMlp(x, 1, spec, x, 3, 2, 1))).toMatch(/^ERR_SHAPE.*for weights/);
    expect(code(() => addon.trainMlp(x, x.subarray(3), 3, 2, { ...spec, loss: 'mae' as never }, seeds, 1))).toMatch(
      /^ERR_OPTION: expected one of mse, hinge for loss, got mae/,
    );
  });

  it('reports training that overflows', () => {
    const wild = { ...spec, learningRate: 1, clipNorm: 0, epochs: 50, dropout: 0 };
    const huge = Float32Array.of(1e30, -1e30, 1e30);
    expect(
      code(() =>
        addon.trainMlp(
          x.map((_, i) => 1e30 * (i + 1)),
          huge,
          3,
          2,
          wild,
          seeds,
          1,
        ),
      ),
    ).toMatch(/^ERR_DATA: expected (a finite training loss|finite weights)/);
  });
});
