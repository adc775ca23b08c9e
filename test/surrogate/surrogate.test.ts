import { describe, expect, it } from 'vitest';
import { kendallTauB, type Matrix, matrix, stream } from '#cole/base/index.js';
import {
  createSurrogate,
  loadSurrogate,
  type SurrogateChoice,
  type SurrogatePreset,
  surrogatePresets,
} from '#cole/surrogate/index.js';

const cols = 12;
/** A smooth function of a few of the columns, in the range of accuracies. */
function data(rows: number, key: string): { x: Matrix; y: Float64Array } {
  const rng = stream(key);
  const x = matrix(rows, cols, Float32Array.from({ length: rows * cols }, rng.normal));
  const at = (i: number, j: number) => x.data[i * cols + j]!;
  const y = Float64Array.from({ length: rows }, (_, i) => 80 + 3 * at(i, 0) - 2 * at(i, 1) + at(i, 2) * at(i, 3));
  return { x, y };
}

const train = data(120, 'train');
const test = data(300, 'test');

describe('the surrogate', () => {
  for (const preset of Object.keys(surrogatePresets.mlp) as SurrogatePreset[])
    it(`learns with preset ${preset}`, () => {
      const fitted = createSurrogate({ preset }).fit(train.x, train.y, 1);
      const { mean, std, members } = fitted.predict(test.x);
      // On raw targets NASLib's settings hardly leave the start within their epochs.
      expect(kendallTauB(mean, test.y)).toBeGreaterThan(preset === 'reference-naslib' ? 0.2 : 0.6);
      expect(members.rows).toBe((surrogatePresets.mlp[preset] as { members: number }).members);
      for (const i of [0, 17, 299]) {
        const values = Array.from({ length: members.rows }, (_, m) => members.data[m * 300 + i]!);
        const average = values.reduce((a, b) => a + b) / values.length;
        const variance = values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length;
        expect(mean[i]).toBeCloseTo(average, 5);
        expect(std[i]).toBeCloseTo(Math.sqrt(variance), 5);
      }
    });

  describe('with a companion target', () => {
    const loss = train.y.map((value) => (100 - value) / 7);

    it('predicts the target, loads again, and squared error learns differently for it', () => {
      const surrogate = createSurrogate({ preset: 'reference-study' });
      const fitted = surrogate.fit(train.x, train.y, 1, loss);
      const { mean, members } = fitted.predict(test.x);
      expect(members.rows).toBe(1);
      expect(kendallTauB(mean, test.y)).toBeGreaterThan(0.6);
      expect(mean.every((value) => value > 60 && value < 100)).toBe(true);
      expect(loadSurrogate(fitted.serialize()).predict(test.x)).toEqual(fitted.predict(test.x));
      expect(surrogate.fit(train.x, train.y, 1).predict(test.x).mean).not.toEqual(mean);
    });

    it('has no say in the hinge loss', () => {
      const predict = (companion: Float64Array) =>
        createSurrogate({ epochs: 5 }).fit(train.x, train.y, 1, companion).predict(test.x).mean;
      expect(predict(loss)).toEqual(predict(loss.map((value) => value ** 2)));
    });

    it('is refused where it does not fit, is not finite, or the head has no second output', () => {
      const fit = (companion: Float64Array, head: 'mlp' | 'ridge' = 'mlp') =>
        createSurrogate({ head }).fit(train.x, train.y, 1, companion);
      expect(() => fit(loss.subarray(1))).toThrow(
        'expected 120 companion targets, one per row of the features, got 119',
      );
      const bad = loss.map((value, i) => (i === 7 ? Number.NaN : value));
      expect(() => fit(bad)).toThrow('expected finite companion targets, got NaN in row 7');
      expect(() => fit(loss, 'ridge')).toThrow('expected head mlp for companion targets, got ridge');
    });
  });

  it('predicts near the targets in their units, calibrated or trained on squared error', () => {
    for (const choice of [{}, { loss: 'mse', epochs: 100 }] as SurrogateChoice[]) {
      const { mean } = createSurrogate(choice).fit(train.x, train.y, 1).predict(test.x);
      const error = test.y.reduce((sum, y, i) => sum + Math.abs(y - mean[i]!), 0) / 300;
      const spread = test.y.reduce((sum, y) => sum + Math.abs(y - 80), 0) / 300;
      expect(error).toBeLessThan(0.6 * spread);
    }
  });

  it('calibration moves no rank', () => {
    const [plain, calibrated] = [false, true].map((calibrate) =>
      createSurrogate({ calibrate }).fit(train.x, train.y, 3).predict(test.x),
    );
    expect(kendallTauB(plain!.mean, calibrated!.mean)).toBeGreaterThan(0.9999);
  });

  it('gives the same bits for any number of threads, other bits for another seed', () => {
    const choice: SurrogateChoice = { members: 4, standardize: 'zscore' };
    const [one, three, other] = [
      [1, 7],
      [3, 7],
      [1, 8],
    ].map(([threads, seed]) =>
      createSurrogate({ ...choice, threads: threads! })
        .fit(train.x, train.y, seed!)
        .predict(test.x),
    );
    expect(three).toEqual(one);
    expect(other!.mean).not.toEqual(one!.mean);
  });

  it('loads from Arrow and predicts the same bits, with every reducer and preset', () => {
    for (const standardize of ['none', 'center', 'zscore', 'l2'] as const)
      for (const components of [0, 5])
        for (const preset of ['cole', 'reference-naslib'] as const) {
          const fitted = createSurrogate({ preset, standardize, components, epochs: 3 }).fit(train.x, train.y, 1);
          const loaded = loadSurrogate(fitted.serialize());
          expect(loaded.predict(test.x).members).toEqual(fitted.predict(test.x).members);
          expect(loaded.predict(test.x).mean).toEqual(fitted.predict(test.x).mean);
          expect(Buffer.compare(loaded.serialize(), fitted.serialize())).toBe(0);
        }
  });

  it('does what the standardisations say', () => {
    // Without components the network sees them directly: scaled columns must not change a z-scored fit.
    const scaledX = matrix(
      120,
      cols,
      train.x.data.map((value, i) => (i % cols === 4 ? 1000 * value + 7 : value)),
    );
    const predict = (x: Matrix, standardize: 'none' | 'zscore' | 'l2') =>
      createSurrogate({ standardize, components: 0, epochs: 5 }).fit(x, train.y, 1).predict(x).mean;
    const plain = predict(train.x, 'zscore');
    const scaled = predict(scaledX, 'zscore');
    expect(plain.every((value, i) => Math.abs(value - scaled[i]!) < 1e-2)).toBe(true);
    const doubled = matrix(
      120,
      cols,
      train.x.data.map((value) => 2 * value),
    );
    expect(predict(doubled, 'l2')).toEqual(predict(train.x, 'l2'));
    expect(predict(doubled, 'none')).not.toEqual(predict(train.x, 'none'));
  });

  it('is well defined for one row, constant targets, constant features and more columns than rows', () => {
    for (const loss of ['mse', 'hinge'] as const) {
      for (const components of [0, 128]) {
        const choice: SurrogateChoice = { loss, components, standardize: 'zscore' };
        const one = createSurrogate(choice).fit(matrix(1, cols, test.x.data.slice(0, cols)), Float64Array.of(90), 1);
        expect([...one.predict(test.x).mean].every(Number.isFinite)).toBe(true);
        const constant = createSurrogate(choice).fit(train.x, new Float64Array(120).fill(50), 1);
        const { mean } = constant.predict(test.x);
        expect([...mean].every((value) => Math.abs(value - 50) < 5)).toBe(true);
        const flat = createSurrogate(choice).fit(matrix(120, cols), train.y, 1);
        expect(new Set(flat.predict(test.x).mean).size).toBe(1);
        const few = createSurrogate(choice).fit(
          matrix(3, cols, train.x.data.slice(0, 3 * cols)),
          Float64Array.of(1, 2, 3),
          1,
        );
        expect([...few.predict(test.x).mean].every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('names what is wrong', () => {
    const fit =
      (x: Matrix, y: Float64Array, choice: SurrogateChoice = {}) =>
      () =>
        createSurrogate(choice).fit(x, y, 1);
    const bad = matrix(120, cols, train.x.data.slice());
    bad.data[5 * cols + 3] = Number.NaN;
    for (const standardize of ['none', 'l2'] as const)
      for (const components of [0, 128])
        expect(fit(bad, train.y, { standardize, components })).toThrow(/row 5, column 3/);
    const target = train.y.slice();
    target[9] = Number.POSITIVE_INFINITY;
    expect(fit(train.x, target)).toThrow('expected finite targets, got Infinity in row 9');
    expect(fit(train.x, train.y.slice(1))).toThrow('expected 120 targets, one per row of the features, got 119');
    expect(fit(matrix(0, cols), new Float64Array(0))).toThrow('expected at least one row');
    const fitted = createSurrogate({ epochs: 1 }).fit(train.x, train.y, 1);
    expect(() => fitted.predict(matrix(2, 3))).toThrow('expected 12 features per row, got 3');
    expect(() => loadSurrogate(new Uint8Array(100))).toThrow(/expected/);
  });

  it('refuses options it does not have', () => {
    expect(() => createSurrogate({ epoch: 3 } as never)).toThrow(/got epoch; did you mean epochs/);
    expect(() => createSurrogate({ preset: 'coal' as never })).toThrow(/did you mean cole/);
    expect(() => createSurrogate({ loss: 'mae' as never })).toThrow('expected one of mse, hinge for loss, got mae');
    expect(() => createSurrogate({ dropout: 1 })).toThrow(/dropout/);
    expect(() => createSurrogate({ batch: 0 })).toThrow('expected an integer of at least 1 for batch, got 0');
    expect(() => createSurrogate({ hidden: [] })).toThrow(/hidden/);
    expect(() => createSurrogate({ learningRate: Number.NaN })).toThrow(/learningRate/);
  });
});
