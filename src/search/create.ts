/** Strategies by name, with their presets. */
import { atLeast, ColeError, pickNamed, resolveOptions } from '../base/index.js';
import { acquisitions } from './acquisition.js';
import { Bananas, type BananasOptions, type BananasParts } from './bananas.js';
import { Evolution, type EvolutionOptions } from './evolution.js';
import { type LocalOptions, LocalSearch } from './local.js';
import { RandomSearch } from './random.js';
import type { Strategy } from './types.js';

export const strategyNames = ['bananas', 'evolution', 'local', 'random'] as const;
export type StrategyName = (typeof strategyNames)[number];

const bananasDefaults: BananasOptions = {
  initial: 20,
  parents: 16,
  candidates: 100,
  maxEdits: 3,
  generator: 'distinct',
  // A twin computes what is already known. By text, path encoding needs 14 % more evaluations to 99.5 % of the best.
  identity: 'canonical',
  acquisition: 'its',
};

/**
 * `cole-reference` and `naslib` reproduce what the published code does, not what its settings say: 32 candidates for a
 * setting of 100, mutants of mutants, architectures evaluated twice.
 */
export const bananasPresets: Readonly<Record<string, BananasOptions>> = {
  default: bananasDefaults,
  'cole-reference': { ...bananasDefaults, generator: 'chained', identity: 'text' },
  naslib: { ...bananasDefaults, generator: 'chained', identity: 'text', parents: 2, maxEdits: 1 },
};

const evolutionDefaults: EvolutionOptions = { population: 30, sample: 10 };
const localDefaults: LocalOptions = { initial: 10 };

export interface StrategyOptions {
  readonly strategy: StrategyName;
  /** A name of `bananasPresets`; for `bananas` only. */
  readonly preset?: string;
  /** Over the preset. */
  readonly bananas?: Partial<BananasOptions>;
  readonly evolution?: Partial<EvolutionOptions>;
  readonly local?: Partial<LocalOptions>;
}

/** Every setting of a strategy, resolved and checked; plain data that belongs into a manifest. */
export type StrategySettings =
  | { readonly strategy: 'bananas'; readonly bananas: BananasOptions }
  | { readonly strategy: 'random' }
  | { readonly strategy: 'evolution'; readonly evolution: EvolutionOptions }
  | { readonly strategy: 'local'; readonly local: LocalOptions };

/** Throws ERR_OPTION for an unknown name, a number out of range, or settings of another strategy. */
export function resolveStrategy(options: StrategyOptions): StrategySettings {
  const { strategy, preset } = options;
  pickNamed('strategy', Object.fromEntries(strategyNames.map((name) => [name, name])), strategy);
  for (const other of ['bananas', 'evolution', 'local'] as const) {
    if (other !== strategy && options[other] !== undefined)
      throw new ColeError('ERR_OPTION', `expected no settings of ${other} for strategy ${strategy}, got some`);
  }
  if (strategy !== 'bananas' && preset !== undefined)
    throw new ColeError('ERR_OPTION', `expected a preset for strategy bananas only, got ${preset} for ${strategy}`);
  if (strategy === 'random') return { strategy };
  if (strategy === 'evolution') {
    const evolution = resolveOptions('evolution', evolutionDefaults, options.evolution);
    for (const name of ['population', 'sample'] as const) atLeast(1, name, evolution[name]);
    return { strategy, evolution };
  }
  if (strategy === 'local') {
    const local = resolveOptions('local', localDefaults, options.local);
    atLeast(1, 'initial', local.initial);
    return { strategy, local };
  }
  const base = pickNamed('preset of bananas', bananasPresets, preset ?? 'default');
  const bananas = resolveOptions('bananas', base, options.bananas);
  for (const name of ['initial', 'parents', 'candidates', 'maxEdits'] as const) atLeast(1, name, bananas[name]);
  pickNamed('acquisition', acquisitions, bananas.acquisition);
  pickNamed('generator', { distinct: 0, chained: 0 }, bananas.generator);
  pickNamed('identity', { text: 0, canonical: 0 }, bananas.identity);
  if (bananas.generator === 'chained' && bananas.candidates < bananas.parents * bananas.maxEdits)
    throw new ColeError(
      'ERR_OPTION',
      `expected at least parents * maxEdits = ${bananas.parents * bananas.maxEdits} as candidates of the chained generator, got ${bananas.candidates}`,
    );
  return { strategy, bananas };
}

/** `parts.features` and `parts.surrogate` are needed by strategies that fit one: `bananas`. */
export function createStrategy<Arch>(
  settings: StrategySettings,
  parts: Pick<BananasParts<Arch>, 'space' | 'seed'> & Partial<BananasParts<Arch>>,
): Strategy<Arch> {
  if (settings.strategy === 'random') return new RandomSearch(parts.space, parts.seed);
  if (settings.strategy === 'evolution') return new Evolution(parts.space, parts.seed, settings.evolution);
  if (settings.strategy === 'local') return new LocalSearch(parts.space, parts.seed, settings.local);
  const { features, surrogate } = parts;
  if (!features || !surrogate)
    throw new ColeError('ERR_OPTION', 'expected features and a surrogate for strategy bananas, got none');
  return new Bananas({ ...parts, features, surrogate }, settings.bananas);
}
