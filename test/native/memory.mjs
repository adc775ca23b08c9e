// Calls one kind of fit ten thousand times, then again and again until memory is flat; prints the growth of the last round in
// bytes. Without an argument, the kinds.
import { matrix } from '#cole/base/index.js';
import { native } from '#cole/native/index.js';
import { createSurrogate } from '#cole/surrogate/index.js';

const rows = 40;
const cols = 12;
const x = Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * i));
const y = Float32Array.from({ length: rows }, (_, i) => Math.cos(3 * i));
const targets = Float64Array.from(y);
const spoilt = x.map((value, i) => (i === rows * cols - 1 ? Number.NaN : value));
const spec = {
  hidden: [16, 16],
  outputs: 1,
  negativeSlope: 0.01,
  dropout: 0.1,
  loss: 'hinge',
  margin: 0.1,
  maxPairs: 128,
  outputL1: 0,
  init: 'uniform',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  batch: 32,
  epochs: 1,
  shuffle: true,
  clipNorm: 1,
};
// After the first step the weights are not finite: it fails at its end, with all of its memory in use.
const wild = { ...spec, loss: 'mse', learningRate: 1, clipNorm: 0, epochs: 20, dropout: 0 };
const seeds = Uint32Array.of(1, 2);
const addon = native();
const mean = { tokens: 'mean', overLayers: 'mean', layers: Int32Array.of(0) };

/** What every call does, and the message of its error where it must fail. */
const calls = {
  'a fit of perceptrons': [undefined, () => addon.trainMlp(x, y, rows, cols, spec, seeds, 1)],
  'components and projection': [
    undefined,
    () => addon.project(x, rows, cols, addon.fitPca(x, rows, cols, 4, 1).mean, x.subarray(0, 4 * cols), 4, 1),
  ],
  'a Gaussian process': [undefined, () => addon.fitGp(x, targets, rows, cols, Float64Array.of(1, 0.1), 1)],
  'a NaN feature': [/NaN|nan/, () => addon.trainMlp(spoilt, y, rows, cols, spec, seeds, 1)],
  'a NaN feature of a surrogate': [
    /row 39, column 11/,
    () => createSurrogate().fit(matrix(rows, cols, spoilt), targets, 1),
  ],
  'a wrong length': [/expected 480 elements/, () => addon.trainMlp(x.subarray(1), y, rows, cols, spec, seeds, 1)],
  'too many components': [/for k/, () => addon.fitPca(x, rows, cols, cols + 1, 1)],
  'a training that overflows': [
    /finite/,
    () =>
      addon.trainMlp(
        x.map((v) => 1e30 * v),
        y.map((v) => 1e30 * v),
        rows,
        cols,
        wild,
        seeds,
        1,
      ),
  ],
  'poolings, the last text of which is spoilt': [
    /token 39, column 11/,
    () => addon.poolTokens([spoilt], 'float32', cols, Int32Array.of(0, 20, 20, 40), null, [mean], 1),
  ],
};

const name = process.argv[2];
if (name === undefined) console.log(JSON.stringify(Object.keys(calls)));
else console.log(growth(...calls[name]));

function growth(fails, run) {
  const tenThousand = () => {
    for (let i = 0; i < 10_000; i++) {
      let message;
      try {
        run();
      } catch (error) {
        message = error.message;
      }
      if (fails ? !(message && fails.test(message)) : message) throw new Error(`expected ${fails}, got ${message}`);
    }
    gc();
    return process.memoryUsage().rss;
  };
  // V8's own heap may grow for a round or two; a leak grows in each.
  let before = tenThousand();
  let grown = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4 && grown > 5e6; round++) {
    const after = tenThousand();
    grown = after - before;
    before = after;
  }
  return grown;
}
