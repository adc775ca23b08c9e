/** The surrogate: reducer, scaled targets and a head, written to Arrow and read again. */
import { arraysToFile, fileToArrays } from '../arrow/index.js';
import { ColeError, type Matrix, matrix, pickNamed } from '../base/index.js';
import { committeeFormat, fitCommittee, loadCommittee } from './committee.js';
import { requireFinite } from './finite.js';
import { gp } from './gp.js';
import { arrayOf, average, type FittedHead, type Head } from './head.js';
import { mlp } from './mlp.js';
import { resolveHead, type SurrogateChoice } from './options.js';
import { perceiver } from './perceiver.js';
import type { HeadName, HeadOptions } from './presets.js';
import { fitReducer, type ReducerState, reduce } from './reducer.js';
import { ridge } from './ridge.js';
import type { FittedSurrogate, Prediction, Surrogate } from './types.js';
import { xgboost } from './xgboost.js';

const heads = { mlp, ridge, gp, xgboost, perceiver } as unknown as Readonly<Record<HeadName, Head>>;

/**
 * A head on (optionally) principal components: `mlp` (the default), `ridge`, `gp`, `xgboost` or `perceiver`. Features of a
 * committee, such as `counts/counts+code`, get one for each part; the predictions are averaged.
 *
 * @example
 * const fitted = createSurrogate({ components: 0, members: 5 }).fit(x, y, 1);
 * const { mean, std } = fitted.predict(candidates);
 */
export function createSurrogate(choice: SurrogateChoice = {}): Surrogate {
  const options = resolveHead(choice);
  const loss = 'loss' in options ? [options.loss] : [];
  const members = 'members' in options ? [options.members] : [];
  return {
    name: [options.head, ...loss, ...members].join('-'),
    fit: (x, y, seed, companion) => {
      const fitOne = (part: Matrix, own: number) => fit(options, part, y, own, companion);
      return x.parts ? fitCommittee(x, seed, fitOne) : fitOne(x, seed);
    },
  };
}

/** Reads what `serialize` wrote; predicts the same bits on the same instruction set. */
export function loadSurrogate(bytes: Uint8Array, threads = 1): FittedSurrogate {
  const { arrays, metadata } = fileToArrays('the surrogate', bytes);
  if (metadata.format === committeeFormat)
    return loadCommittee({ arrays, metadata }, (part) => loadSurrogate(part, threads));
  if (metadata.format !== format)
    throw new ColeError('ERR_DATA', `expected format ${format} in the surrogate's file, got ${metadata.format}`);
  const { kind, head, center, scale, standardize, layers, cols, k } = JSON.parse(metadata.surrogate!) as Header;
  const [shift, columnScale, mean, components, whitening] = reducerArrays.map((name) =>
    arrayOf(arrays, name, Float32Array),
  );
  const reducer: ReducerState = {
    standardize,
    layers,
    cols,
    k,
    shift: shift!,
    scale: columnScale!,
    mean: mean!,
    components: components!,
    whitening: whitening!,
  };
  return fitted({ kind, center, scale, reducer, head: pickNamed('head', heads, kind).load(head, arrays) }, threads);
}

const format = 'cole-surrogate-2';
const reducerArrays = ['shift', 'columnScale', 'mean', 'components', 'whitening'] as const;

/** All that a prediction depends on. A prediction is center + scale * output. */
interface State {
  readonly kind: HeadName;
  readonly center: number;
  readonly scale: number;
  readonly reducer: ReducerState;
  readonly head: FittedHead;
}

type Header = Pick<State, 'kind' | 'center' | 'scale'> &
  Pick<ReducerState, 'standardize' | 'layers' | 'cols' | 'k'> & { readonly head: unknown };

function fit(
  options: HeadOptions,
  x: Matrix,
  y: Float64Array,
  seed: number,
  companion: Float64Array | undefined,
): FittedSurrogate {
  if (x.rows === 0) throw new ColeError('ERR_DATA', 'expected at least one row to fit on, got none');
  requireTargets('targets', y, x.rows);
  if (companion) requireTargets('companion targets', companion, x.rows);
  if (companion && !heads[options.head].companions)
    throw new ColeError('ERR_OPTION', `expected head mlp for companion targets, got ${options.head}`);
  requireFinite(x);
  const { threads } = options;
  const scalingOf = (values: Float64Array) => (options.rawTargets ? { center: 0, scale: 1 } : meanAndDeviation(values));
  const { center, scale } = scalingOf(y);
  const reducer = fitReducer(x, options);
  const scaled = (values: Float64Array, by: { center: number; scale: number }) =>
    values.map((value) => (value - by.center) / by.scale);
  const beside = companion && scaled(companion, scalingOf(companion));
  const features = reduce(x, reducer, threads);
  const head = heads[options.head].fit(options, features, scaled(y, { center, scale }), seed, beside);
  const state: State = { kind: options.head, center, scale, reducer, head };
  const calibrate = 'calibrate' in options && options.calibrate;
  return fitted(calibrate ? { ...state, ...calibration(state, x, y, threads) } : state, threads);
}

function requireTargets(what: string, values: Float64Array, rows: number): void {
  if (values.length !== rows)
    throw new ColeError('ERR_SHAPE', `expected ${rows} ${what}, one per row of the features, got ${values.length}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new ColeError('ERR_DATA', `expected finite ${what}, got ${values[bad]} in row ${bad}`);
}

/** The least-squares line from the mean outputs on the training rows to the targets, where it rises. */
function calibration(state: State, x: Matrix, y: Float64Array, threads: number): { center: number; scale: number } {
  const { mean } = predict({ ...state, center: 0, scale: 1 }, x, threads);
  const output = average(mean);
  const target = average(y);
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
      const { kind, center, scale, head } = state;
      const { standardize, layers, cols, k, shift, scale: columnScale, mean, components, whitening } = state.reducer;
      const header: Header = { kind, head: head.header, center, scale, standardize, layers, cols, k };
      return arraysToFile({
        arrays: { shift, columnScale, mean, components, whitening, ...head.arrays },
        metadata: { format, surrogate: JSON.stringify(header) },
      });
    },
  };
}

function predict({ center, scale, reducer, head }: State, x: Matrix, threads: number): Prediction {
  requireFinite(x);
  const output = head.predict(reduce(x, reducer, threads), threads);
  if ('members' in output) return ofMembers(output.members, center, scale);
  const mean = output.mean.map((value) => center + scale * value);
  return {
    mean,
    std: output.std.map((value) => scale * value),
    members: matrix(1, mean.length, Float32Array.from(mean)),
  };
}

/** Mean and population deviation over the members. */
function ofMembers({ rows: members, cols: rows, data }: Matrix, center: number, scale: number): Prediction {
  const outputs = data.map((value) => center + scale * value);
  const mean = new Float64Array(rows);
  const std = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let m = 0; m < members; m++) sum += outputs[m * rows + i]!;
    const middle = sum / members;
    let square = 0;
    for (let m = 0; m < members; m++) square += (outputs[m * rows + i]! - middle) ** 2;
    mean[i] = middle;
    std[i] = Math.sqrt(square / members);
  }
  return { mean, std, members: matrix(members, rows, outputs) };
}

/** Mean and population deviation; a deviation of 1 where all targets are equal. */
function meanAndDeviation(y: Float64Array): { center: number; scale: number } {
  // Equal targets are told apart from spread by their values: their mean may be off by rounding.
  if (y.every((value) => value === y[0])) return { center: y[0]!, scale: 1 };
  const center = average(y);
  const scale = Math.sqrt(y.reduce((sum, value) => sum + (value - center) ** 2, 0) / y.length);
  return { center, scale };
}
