/** Principal components against NumPy's singular values in double, where Python has it; vectors by what they must satisfy. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { native } from '#cole/native/index.js';

const pythons = [process.env.COLE_PYTHON, 'python3', '/usr/bin/python3'].filter((p): p is string => Boolean(p));
const python = pythons.find((each) => spawnSync(each, ['-c', 'import numpy']).status === 0);

interface Data {
  readonly rows: number;
  readonly cols: number;
  readonly k: number;
  readonly x: Float32Array;
}
const normal = (n: number, key: string) => Float64Array.from({ length: n }, stream('pca', key).normal);

/** Random vectors with the singular values of `scale`, up to rounding: orthonormal ones on both sides by Gram and Schmidt. */
function spectrum(rows: number, cols: number, scale: readonly number[], key: string): Float64Array {
  const basis = (length: number, side: string, centred: boolean) => {
    const done: Float64Array[] = [];
    for (const c of scale.keys()) {
      const v = normal(length, `${key} ${side} ${c}`);
      for (let pass = 0; pass < 2; pass++) {
        if (centred) v.set(v.map((value) => value - v.reduce((a, b) => a + b) / length));
        for (const u of done) {
          const along = u.reduce((sum, value, i) => sum + value * v[i]!, 0);
          for (let i = 0; i < length; i++) v[i]! -= along * u[i]!;
        }
        const norm = Math.hypot(...v);
        v.set(v.map((value) => value / norm));
      }
      done.push(v);
    }
    return done;
  };
  const [left, right] = [basis(rows, 'left', true), basis(cols, 'right', false)];
  const x = new Float64Array(rows * cols);
  for (const [c, s] of scale.entries())
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) x[i * cols + j]! += s * left[c]![i]! * right[c]![j]!;
  return x;
}

const cases: Readonly<Record<string, () => Data>> = Object.fromEntries(
  (
    [
      ['noise', 400, 190, 128, (x) => x],
      ['noise, wide', 190, 700, 128, (x) => x],
      ['a mean far from zero', 300, 70, 70, (x) => x.map((value) => value + 100)],
      ['columns of falling scale', 400, 190, 128, (x, cols) => x.map((value, at) => value * 10 ** (-(at % cols) / 40))],
      ['columns of falling scale, wide', 150, 400, 128, (x, cols) => x.map((v, at) => v * 10 ** (-(at % cols) / 40))],
      ['outlying columns', 300, 120, 100, (x, cols) => x.map((value, at) => value * (at % cols < 3 ? 1e4 : 1))],
      ...[1e2, 3e3].flatMap((strength) =>
        [
          [300, 120],
          [120, 300],
        ].map(([rows, cols]) => {
          const [u, w] = [normal(rows!, 'u'), normal(cols!, 'w')];
          const add = (x: Float64Array) => x.map((v, at) => v + strength * u[Math.floor(at / cols!)]! * w[at % cols!]!);
          return [`one direction ${strength} times as strong, ${rows} x ${cols}`, rows, cols, 100, add];
        }),
      ),
      ...[
        [200, 150],
        [150, 200],
      ].flatMap(([rows, cols]) =>
        Object.entries({
          'three clusters': Array.from({ length: 120 }, (_, c) => [30, 10, 1][Math.floor(c / 40)]! * (1 + 1e-7 * c)),
          'equal values': new Array(100).fill(5),
          'rank 12': Array.from({ length: 12 }, (_, c) => 100 / (1 + c)),
        }).map(([name, scale]) => [
          `${name}, ${rows} x ${cols}`,
          rows,
          cols,
          100,
          () => spectrum(rows!, cols!, scale as number[], name),
        ]),
      ),
      ['two rows', 2, 50, 1, (x) => x],
    ] as [string, number, number, number, (x: Float64Array, cols: number) => Float64Array][]
  ).map(([name, rows, cols, k, change]) => [
    name,
    () => ({ rows, cols, k, x: Float32Array.from(change(normal(rows * cols, name), cols)) }),
  ]),
);

/** Variances in double of all data sets by one run of NumPy. */
function reference(sets: readonly Data[]): number[][] {
  const script = [
    'import sys, json, numpy as np',
    'data, at, out = np.frombuffer(sys.stdin.buffer.read(), np.float32).astype(float), 0, []',
    'for shape in json.loads(sys.argv[1]):',
    '    x = data[at : at + shape[0] * shape[1]].reshape(shape); at += x.size',
    '    out.append((np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2 / (len(x) - 1)).tolist())',
    'print(json.dumps(out))',
  ].join('\n');
  const input = Buffer.concat(sets.map(({ x }) => Buffer.from(x.buffer as ArrayBuffer)));
  const shapes = JSON.stringify(sets.map(({ rows, cols }) => [rows, cols]));
  const { stdout, stderr, status } = spawnSync(python!, ['-c', script, shapes], { input, maxBuffer: 2 ** 27 });
  if (status !== 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString()) as number[][];
}

describe.skipIf(python === undefined)('fitPca beside NumPy (needs Python with NumPy)', () => {
  it.for(Object.entries(cases))('%s', ([, make]) => {
    const data = make();
    const { rows, cols, k, x } = data;
    const [exact] = reference([data]);
    const { mean, components, variances } = native().fitPca(x, rows, cols, k, 1);
    // What is left of nothing, once its square has been taken in double, is rounding.
    const noise = 1e-10 * exact![0]!;
    const dot = (a: number, b: number) => {
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += components[a * cols + j]! * components[b * cols + j]!;
      return sum;
    };
    for (let c = 0; c < k; c++) {
      const [variance, expected] = [variances[c]!, exact![c]!];
      expect(Math.abs(variance - expected)).toBeLessThan(2e-7 * exact![0]!);
      if (expected < noise) continue;
      expect(Math.abs(variance / expected - 1)).toBeLessThan(1.1e-3);
      for (let b = 0; b <= c; b++) expect(Math.abs(dot(b, c) - Number(b === c))).toBeLessThan(2e-5);
      // covariance * component = variance * component.
      const product = new Float64Array(cols);
      for (let i = 0; i < rows; i++) {
        let along = 0;
        for (let j = 0; j < cols; j++) along += (x[i * cols + j]! - mean[j]!) * components[c * cols + j]!;
        for (let j = 0; j < cols; j++) product[j]! += (along / (rows - 1)) * (x[i * cols + j]! - mean[j]!);
      }
      let square = 0;
      for (let j = 0; j < cols; j++) square += (product[j]! - expected * components[c * cols + j]!) ** 2;
      expect(Math.sqrt(square)).toBeLessThan(3e-6 * exact![0]!);
    }
    expect(native().fitPca(x, rows, cols, k, 3)).toEqual({ mean, components, variances });
  });
});
