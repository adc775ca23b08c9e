/** What a caller may say about a surrogate, and what it comes to. */
import { ColeError, pickNamed, resolveOptions } from '../base/index.js';
import {
  type CommonOptions,
  type HeadName,
  type HeadOptions,
  type MlpOptions,
  type PerceiverOptions,
  type SurrogatePreset,
  surrogatePresets,
  type XgboostOptions,
} from './presets.js';

type Own<Options> = Partial<Omit<Options, keyof CommonOptions>>;

/** All options of the head that `head` names, resolved; the others are absent. */
export type SurrogateOptions = CommonOptions & Own<MlpOptions> & Own<PerceiverOptions> & Own<XgboostOptions>;

/** Options over a preset of the head; `mlp` and `cole` by default. */
export type SurrogateChoice = Partial<SurrogateOptions> & { readonly preset?: SurrogatePreset };

/** Names of the heads. */
export const headNames = Object.keys(surrogatePresets) as readonly HeadName[];

/** Throws ERR_OPTION naming an option that the head does not have, or a value out of range. */
export function resolveSurrogate(choice: SurrogateChoice = {}): SurrogateOptions {
  return resolveHead(choice) as SurrogateOptions;
}

export function resolveHead(choice: SurrogateChoice): HeadOptions {
  const { preset = 'cole', head = 'mlp', ...given } = choice;
  const presets = pickNamed('head', surrogatePresets, head);
  const base = pickNamed(`preset of head ${head}`, presets as Record<string, HeadOptions>, preset);
  const options = resolveOptions<HeadOptions>(`head ${head}`, base, given as Partial<HeadOptions>);
  const values = options as unknown as Readonly<Record<string, unknown>>;
  for (const [name, low, high] of ranges) {
    const value = values[name];
    if (name in options && value !== null && !(typeof value === 'number' && value >= low && value <= high))
      throw new ColeError('ERR_OPTION', `expected a number from ${low} to ${high} for ${name}, got ${value}`);
  }
  for (const [name, low] of counts) {
    const value = values[name];
    if (name in options && !(Number.isInteger(value) && (value as number) >= low))
      throw new ColeError('ERR_OPTION', `expected an integer of at least ${low} for ${name}, got ${value}`);
  }
  for (const [name, allowed] of choices) {
    const value = values[name];
    if (name in options && !allowed.includes(value as string))
      throw new ColeError('ERR_OPTION', `expected one of ${allowed.join(', ')} for ${name}, got ${value}`);
  }
  if (options.whiten !== null && options.components === 0)
    throw new ColeError('ERR_OPTION', 'expected principal components to whiten, got 0 for components');
  if (!('hidden' in options)) return options;
  if (options.dropout === 1) throw new ColeError('ERR_OPTION', 'expected less than 1 for dropout, got 1');
  if (options.hidden.length === 0 || options.hidden.some((width) => !Number.isInteger(width) || width < 1))
    throw new ColeError('ERR_OPTION', `expected integers of at least 1 for hidden, got [${options.hidden.join(', ')}]`);
  return options;
}

/** null passes where an option may be null. */
const ranges = [
  ['whiten', 0, 1e30],
  ['negativeSlope', 0, 1],
  ['dropout', 0, 1],
  ['margin', 0, 1e6],
  ['outputL1', 0, 1e6],
  ['learningRate', 0, 1],
  ['beta1', 0, 0.9999999],
  ['beta2', 0, 0.9999999],
  ['epsilon', 1e-30, 1],
  ['clipNorm', 0, 1e6],
  ['subsample', 1e-6, 1],
  ['columnSample', 1e-6, 1],
] as const;

const counts = [
  ['layers', 1],
  ['components', 0],
  ['batch', 1],
  ['epochs', 0],
  ['members', 1],
  ['attentionHeads', 1],
  ['attentionWidth', 1],
  ['rounds', 1],
  ['depth', 1],
  ['threads', 1],
] as const;

const choices: readonly (readonly [string, readonly string[]])[] = [
  ['standardize', ['none', 'center', 'zscore', 'l2']],
  ['loss', ['mse', 'hinge']],
  ['init', ['uniform', 'xavier']],
];
