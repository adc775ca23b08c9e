/** Options of the surrogate and its presets. A preset sets every option; what the caller gives goes over it. */
import { ColeError, pickNamed, resolveOptions } from '../base/index.js';
import type { Standardize } from './reducer.js';

export interface SurrogateOptions {
  /** Principal components that the network sees, at most rows - 1; 0 feeds the features as they are. */
  readonly components: number;
  /** What is done to the features first, with figures of the training rows. */
  readonly standardize: Standardize;
  /** Trains on the targets as they are instead of on their z-scores. */
  readonly rawTargets: boolean;
  /**
   * Fits a line from the ensemble's outputs on the training rows to the targets, so that outputs of the hinge loss come near
   * the units of the target. Keeps their order.
   */
  readonly calibrate: boolean;
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[];
  /** Slope of the activation below zero; 0 is ReLU. */
  readonly negativeSlope: number;
  readonly dropout: number;
  /** hinge is a ranking loss over pairs: its outputs order architectures but are not in units of the target. */
  readonly loss: 'mse' | 'hinge';
  /** Distance that the hinge loss wants between two outputs. */
  readonly margin: number;
  /** L1 penalty on the weights of the output layer. */
  readonly outputL1: number;
  readonly init: 'uniform' | 'xavier';
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly batch: number;
  readonly epochs: number;
  readonly shuffle: boolean;
  /** Largest norm of the gradient; 0 for no clipping. */
  readonly clipNorm: number;
  /** Networks in the ensemble; they differ by seed alone. */
  readonly members: number;
  /** Threads of the addon. Results do not depend on it. */
  readonly threads: number;
}

/** The head of the regression study: MLP of three times 128 with dropout, clipped gradient, fixed slices as batches. */
const referenceStudy: SurrogateOptions = {
  components: 128,
  standardize: 'none',
  rawTargets: false,
  calibrate: false,
  hidden: [128, 128, 128],
  negativeSlope: 0.01,
  dropout: 0.1,
  loss: 'mse',
  margin: 0.1,
  outputL1: 0,
  init: 'uniform',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  batch: 32,
  epochs: 100,
  shuffle: false,
  clipNorm: 1,
  members: 1,
  threads: 1,
};

export const surrogatePresets = {
  /**
   * Ranks best at 20 to 150 rows: on NAS-Bench-201 with path encoding the hinge loss gains .07 to .11 of Kendall's tau over
   * MSE, with every encoding tried; more than 50 epochs gain nothing.
   */
  cole: { ...referenceStudy, loss: 'hinge', calibrate: true, epochs: 50, shuffle: true, members: 3 },
  'reference-study': referenceStudy,
  /** The predictor of NASLib's BANANAS (github.com/automl/NASLib), which trains on raw accuracies in percent. */
  'reference-naslib': {
    ...referenceStudy,
    rawTargets: true,
    negativeSlope: 0,
    dropout: 0,
    outputL1: 0.2,
    init: 'xavier',
    beta2: 0.99,
    epochs: 200,
    shuffle: true,
    clipNorm: 0,
    members: 3,
  },
} as const satisfies Record<string, SurrogateOptions>;

export type SurrogatePreset = keyof typeof surrogatePresets;

/** Options over a preset, `cole` by default. */
export type SurrogateChoice = Partial<SurrogateOptions> & { readonly preset?: SurrogatePreset };

export function resolveSurrogate(choice: SurrogateChoice = {}): SurrogateOptions {
  const { preset = 'cole', ...given } = choice;
  const base: SurrogateOptions = pickNamed('surrogate preset', surrogatePresets, preset);
  const options = resolveOptions<SurrogateOptions>('the surrogate', base, given);
  for (const [name, low, high] of ranges) {
    const value = options[name] as number;
    if (!(Number.isFinite(value) && value >= low && value <= high))
      throw new ColeError('ERR_OPTION', `expected a number from ${low} to ${high} for ${name}, got ${value}`);
  }
  for (const [name, low] of counts) {
    const value = options[name] as number;
    if (!Number.isInteger(value) || value < low)
      throw new ColeError('ERR_OPTION', `expected an integer of at least ${low} for ${name}, got ${value}`);
  }
  for (const [name, allowed] of choices) {
    if (!allowed.includes(options[name] as string))
      throw new ColeError('ERR_OPTION', `expected one of ${allowed.join(', ')} for ${name}, got ${options[name]}`);
  }
  if (options.dropout === 1) throw new ColeError('ERR_OPTION', 'expected less than 1 for dropout, got 1');
  if (options.hidden.length === 0 || options.hidden.some((width) => !Number.isInteger(width) || width < 1))
    throw new ColeError('ERR_OPTION', `expected integers of at least 1 for hidden, got [${options.hidden.join(', ')}]`);
  return options;
}

const ranges = [
  ['negativeSlope', 0, 1],
  ['dropout', 0, 1],
  ['margin', 0, 1e6],
  ['outputL1', 0, 1e6],
  ['learningRate', 0, 1],
  ['beta1', 0, 0.9999999],
  ['beta2', 0, 0.9999999],
  ['epsilon', 1e-30, 1],
  ['clipNorm', 0, 1e6],
] as const;

const counts = [
  ['components', 0],
  ['batch', 1],
  ['epochs', 0],
  ['members', 1],
  ['threads', 1],
] as const;

const choices: readonly (readonly [keyof SurrogateOptions, readonly string[]])[] = [
  ['standardize', ['none', 'center', 'zscore', 'l2']],
  ['loss', ['mse', 'hinge']],
  ['init', ['uniform', 'xavier']],
];
