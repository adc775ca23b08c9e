/** The surrogate: reducer, scaled targets and an ensemble of MLPs, trained and scored by the addon. */
import { arraysToFile, fileToArrays } from '../arrow/index.js';
import { ColeError, type Matrix, matrix, seedOf } from '../base/index.js';
import { type NativeMlpSpec, native } from '../native/index.js';
import { resolveSurrogate, type SurrogateChoice, type SurrogateOptions } from './options.js';
import { fitReducer, type ReducerState, reduce } from './reducer.js';
import type { FittedSurrogate, Prediction, Surrogate } from './types.js';

/**
 * An ensemble of MLPs on (optionally) principal components.
 *
 * @example
 * const fitted = createSurrogate({ components: 0, members: 5 }).fit(x, y, 1);
 * const { mean, std } = fitted.predict(candidates);
 */
export function createSurrogate(choice: SurrogateChoice = {}): Surrogate {
  const options = resolveSurrogate(choice);
  return {
    name: `mlp-${options.loss}-${options.members}`,
    fit: (x, y, seed) => fit(options, x, y, seed),
  };
}

/** Reads what `serialize` wrote; predicts the same bits on the same instruction set. */
export function loadSurrogate(bytes: Uint8Array, threads = 1): FittedSurrogate {
  const { arrays, metadata } = fileToArrays('the surrogate', bytes);
  if (metadata.format !== format)
    throw new ColeError('ERR_DATA', `expected format ${format} in the surrogate's file, got ${metadata.format}`);
  const { spec, members, center, scale, standardize, cols, k } = JSON.parse(metadata.surrogate!) as Header;
  const { shift, columnScale, mean, components, weights } = arrays;
  if (!shift || !columnScale || !mean || !components || !weights)
    throw new ColeError('ERR_DATA', 'expected all columns of a surrogate in its file');
  const reducer: ReducerState = { standardize, cols, shift, scale: columnScale, k, mean, components };
  return fitted({ spec, members, center, scale, reducer, weights }, threads);
}

const format = 'cole-surrogate-1';

/** All that a prediction depends on. A prediction is center + scale * output. */
interface State {
  readonly spec: NativeMlpSpec;
  readonly members: number;
  readonly center: number;
  readonly scale: number;
  readonly reducer: ReducerState;
  readonly weights: Float32Array;
}

type Header = Pick<State, 'spec' | 'members' | 'center' | 'scale'> & Pick<ReducerState, 'standardize' | 'cols' | 'k'>;

function fit(options: SurrogateOptions, x: Matrix, y: Float64Array, seed: number): FittedSurrogate {
  if (x.rows === 0) throw new ColeError('ERR_DATA', 'expected at least one row to fit on, got none');
  if (y.length !== x.rows)
    throw new ColeError('ERR_SHAPE', `expected ${x.rows} targets, one per row of the features, got ${y.length}`);
  const bad = y.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new ColeError('ERR_DATA', `expected finite targets, got ${y[bad]} in row ${bad}`);
  const { components, standardize, threads, members } = options;
  const { center, scale } = options.rawTargets ? { center: 0, scale: 1 } : meanAndDeviation(y);
  const targets = Float32Array.from(y, (value) => (value - center) / scale);
  const reducer = fitReducer(x, standardize, components, threads);
  const features = reduce(x, reducer, threads);
  const spec = specOf(options);
  const seeds = Uint32Array.from({ length: members }, (_, i) => seedOf(seed, 'member', i));
  const { weights } = native().trainMlp(features.data, targets, features.rows, features.cols, spec, seeds, threads);
  const state: State = { spec, members, center, scale, reducer, weights };
  return fitted(options.calibrate ? { ...state, ...calibration(state, x, y, threads) } : state, threads);
}

/** The least-squares line from the mean outputs on the training rows to the targets, where it rises. */
function calibration(state: State, x: Matrix, y: Float64Array, threads: number): { center: number; scale: number } {
  const { mean } = predict({ ...state, center: 0, scale: 1 }, x, threads);
  const output = mean.reduce((sum, value) => sum + value, 0) / mean.length;
  const target = y.reduce((sum, value) => sum + value, 0) / y.length;
  const covariance = mean.reduce((sum, value, i) => sum + (value - output) * (y[i]! - target), 0);
  const variance = mean.reduce((sum, value) => sum + (value - output) ** 2, 0);
  // Outputs that do not follow the targets keep the scale they were trained on.
  if (!(covariance > 0)) return state;
  const scale = covariance / variance;
  return { center: target - scale * output, scale };
}

function fitted(state: State, threads: number): FittedSurrogate {
  return {
    predict: (x) => predict(state, x, threads),
    serialize: () => {
      const { spec, members, center, scale, weights } = state;
      const { standardize, cols, k, shift, scale: columnScale, mean, components } = state.reducer;
      const header: Header = { spec, members, center, scale, standardize, cols, k };
      return arraysToFile({
        arrays: { shift, columnScale, mean, components, weights },
        metadata: { format, surrogate: JSON.stringify(header) },
      });
    },
  };
}

function predict(state: State, x: Matrix, threads: number): Prediction {
  const { spec, members, center, scale, weights } = state;
  const features = reduce(x, state.reducer, threads);
  const { rows, cols } = features;
  const outputs = native().predictMlp(weights, members, spec, features.data, rows, cols, threads);
  for (let i = 0; i < outputs.length; i++) outputs[i] = center + scale * outputs[i]!;
  const mean = new Float64Array(rows);
  const std = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let m = 0; m < members; m++) sum += outputs[m * rows + i]!;
    const average = sum / members;
    let square = 0;
    for (let m = 0; m < members; m++) square += (outputs[m * rows + i]! - average) ** 2;
    mean[i] = average;
    std[i] = Math.sqrt(square / members);
  }
  return { mean, std, members: matrix(members, rows, outputs) };
}

/** Mean and population deviation; a deviation of 1 where all targets are equal. */
function meanAndDeviation(y: Float64Array): { center: number; scale: number } {
  // Equal targets are told apart from spread by their values: their mean may be off by rounding.
  if (y.every((value) => value === y[0])) return { center: y[0]!, scale: 1 };
  const center = y.reduce((sum, value) => sum + value, 0) / y.length;
  const scale = Math.sqrt(y.reduce((sum, value) => sum + (value - center) ** 2, 0) / y.length);
  return { center, scale };
}

function specOf(options: SurrogateOptions): NativeMlpSpec {
  const { hidden, negativeSlope, dropout, loss, margin, outputL1, init, learningRate } = options;
  const { beta1, beta2, epsilon, batch, epochs, shuffle, clipNorm } = options;
  return {
    hidden,
    outputs: 1,
    negativeSlope,
    dropout,
    loss,
    margin,
    maxPairs: 4 * batch,
    outputL1,
    init,
    learningRate,
    beta1,
    beta2,
    epsilon,
    batch,
    epochs,
    shuffle,
    clipNorm,
  };
}
