/** Heads of their own for the parts of a committee: what they say together, and that it can be written down. */
import { describe, expect, it } from 'vitest';
import { kendallTauB, type Matrix, matrix, stream } from '#cole/base/index.js';
import { createSurrogate, type HeadName, loadSurrogate } from '#cole/surrogate/index.js';

const widths = [4, 6, 5];
const cols = 15;
/** The first part tells one half of the value, the second the other, the third nothing. */
function data(rows: number, key: string): { x: Matrix; y: Float64Array } {
  const rng = stream(key);
  const x = { ...matrix(rows, cols, Float32Array.from({ length: rows * cols }, rng.normal)), parts: widths };
  const y = Float64Array.from({ length: rows }, (_, i) => 90 + 2 * x.data[i * cols]! - 2 * x.data[i * cols + 5]!);
  return { x, y };
}
const train = data(100, 'committee train');
const test = data(200, 'committee test');

const part = (x: Matrix, index: number): Matrix => {
  const from = widths.slice(0, index).reduce((a, b) => a + b, 0);
  const width = widths[index]!;
  const values = Array.from({ length: x.rows }, (_, r) => [
    ...x.data.subarray(r * cols + from, r * cols + from + width),
  ]);
  return matrix(x.rows, width, Float32Array.from(values.flat()));
};

describe('a committee', () => {
  it.each(['mlp', 'ridge', 'gp'] as HeadName[])('of %s averages its heads, and doubts where they differ', (head) => {
    const surrogate = createSurrogate({ head });
    const { mean, std, members } = surrogate.fit(train.x, train.y, 1).predict(test.x);
    // Ridge and the Gaussian process know no seed: the heads of the parts can be fitted again.
    const parts = widths.map((_, k) => surrogate.fit(part(train.x, k), train.y, 1).predict(part(test.x, k)));
    const memberRows = head === 'mlp' ? 3 : 1;
    expect([members.rows, members.cols]).toEqual([widths.length * memberRows, test.x.rows]);
    for (const i of [0, 50, 199]) {
      const values = Array.from({ length: members.rows }, (_, m) => members.data[m * test.x.rows + i]!);
      const average = values.reduce((a, b) => a + b) / values.length;
      expect(mean[i]).toBeCloseTo(average, 4);
      const spread = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
      const own = head === 'mlp' ? 0 : parts.reduce((sum, each) => sum + each.std[i]! ** 2, 0) / parts.length;
      expect(std[i]).toBeCloseTo(Math.sqrt(spread + own), 4);
      if (head !== 'mlp') expect(mean[i]).toBe(parts.reduce((sum, each) => sum + each.mean[i]!, 0) / parts.length);
    }
  });

  it('ranks by what no part knows alone', () => {
    const tau = (x: Matrix, of: Matrix) =>
      kendallTauB(createSurrogate({ head: 'gp' }).fit(x, train.y, 1).predict(of).mean, test.y);
    const both = (x: Matrix): Matrix => {
      const data = Array.from({ length: x.rows }, (_, r) => [...x.data.subarray(r * cols, r * cols + 10)]);
      return { ...matrix(x.rows, 10, Float32Array.from(data.flat())), parts: [4, 6] };
    };
    const together = tau(both(train.x), both(test.x));
    for (const k of [0, 1]) expect(together).toBeGreaterThan(tau(part(train.x, k), part(test.x, k)) + 0.2);
  });

  it('gives its heads seeds of their own', () => {
    const twice = { ...matrix(100, 8, new Float32Array(800)), parts: [4, 4] };
    for (let r = 0; r < 100; r++)
      for (const from of [0, 4]) twice.data.set(part(train.x, 0).data.subarray(r * 4, r * 4 + 4), r * 8 + from);
    const { members } = createSurrogate({ members: 1 }).fit(twice, train.y, 1).predict(twice);
    expect(members.data.subarray(0, 100)).not.toEqual(members.data.subarray(100));
  });

  it('gives the same bits for any number of threads, and once it was written down', () => {
    const choice = { members: 4, components: 3 };
    const fitted = createSurrogate(choice).fit(train.x, train.y, 2);
    const threaded = createSurrogate({ ...choice, threads: 3 }).fit(train.x, train.y, 2);
    expect(threaded.predict(test.x)).toEqual(fitted.predict(test.x));
    const bytes = fitted.serialize();
    const loaded = loadSurrogate(bytes);
    expect(loaded.predict(test.x)).toEqual(fitted.predict(test.x));
    expect(Buffer.compare(loaded.serialize(), bytes)).toBe(0);
  });

  it('passes a companion target on to every head', () => {
    const companion = train.y.map((value) => 100 - value);
    const surrogate = createSurrogate({ preset: 'reference-study', epochs: 5 });
    expect(surrogate.fit(train.x, train.y, 1, companion).predict(test.x).mean).not.toEqual(
      surrogate.fit(train.x, train.y, 1).predict(test.x).mean,
    );
    expect(() => createSurrogate({ head: 'ridge' }).fit(train.x, train.y, 1, companion)).toThrow('expected head mlp');
  });

  it('names what is wrong, in columns of all parts', () => {
    const bad = { ...train.x, data: train.x.data.slice() };
    bad.data[7 * cols + 12] = Number.NaN;
    expect(() => createSurrogate().fit(bad, train.y, 1)).toThrow('got NaN in row 7, column 12');
    const fitted = createSurrogate({ epochs: 1 }).fit(train.x, train.y, 1);
    expect(() => fitted.predict(bad)).toThrow('got NaN in row 7, column 12');
    expect(() => fitted.predict(part(test.x, 0))).toThrow('expected 15 features per row, got 4');
    expect(() => createSurrogate().fit({ ...train.x, parts: [4, 6] }, train.y, 1)).toThrow(
      'expected 10 features per row, got 15',
    );
    expect(() => createSurrogate().fit(train.x, train.y.slice(1), 1)).toThrow('expected 100 targets');
  });
});
