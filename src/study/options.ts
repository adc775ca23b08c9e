/** Options of a search run: what a caller may say, what it comes to, and what of it decides the result. */
import { atLeast, ColeError, resolveOptions } from '../base/index.js';
import { type Reading, type ReadingChoice, refuseReading, type Scaling } from '../features/index.js';
import { checkCommandSettings } from '../objectives/index.js';
import {
  type BananasOptions,
  type EvolutionOptions,
  type LocalOptions,
  resolveStrategy,
  type StrategyName,
  type StrategySettings,
} from '../search/index.js';
import { resolveSurrogate, type SurrogateChoice, type SurrogateOptions, surrogatePresets } from '../surrogate/index.js';
import type { TableSource } from '../workers/index.js';
import { type PlannedFeatures, planFeatures } from './features.js';
import { type CommandSource, commandSource } from './trainings.js';

/** One method (a strategy with its features) on one table, `trials` times. */
export interface RunSearchOptions extends ReadingChoice {
  /** Default `nas-bench-201`. */
  readonly space?: string;
  /** File of the table: CSV, JSON lines or Arrow. Either this or `benchmark`. */
  readonly table?: string;
  /** Benchmark that is part of the package, such as `nas-bench-201-digits`. */
  readonly benchmark?: string;
  /** Program that trains for real, instead of a table: its command line, or that with its settings (`CommandSettings`). */
  readonly command?: string | (Partial<CommandSource> & Pick<CommandSource, 'command'>);
  /** Column of the table, or name in the answers of the command, that is maximised. */
  readonly metric: string;
  /** Another column, recorded beside it and never searched on. */
  readonly testMetric?: string;
  /** Default `bananas`. */
  readonly strategy?: StrategyName;
  /** Of bananas: `default`, `cole-reference` or `naslib`; the last two also take the surrogate of NASLib. */
  readonly preset?: string;
  /** Settings over the preset. */
  readonly bananas?: Partial<BananasOptions>;
  readonly evolution?: Partial<EvolutionOptions>;
  readonly local?: Partial<LocalOptions>;
  /** What the surrogate sees, such as `code`, `code+ngrams` or `ngrams/code+ngrams`. Default `code`. Not for strategies without surrogate. */
  readonly features?: string;
  /** Form of the text that `code` and `ngrams` read. */
  readonly style?: string;
  /** Default: what suits the language model where `code` is the only feature set (`codeScaling`), else none. */
  readonly scaling?: Scaling;
  readonly surrogate?: SurrogateChoice;
  /** Evaluations of a trial. Default 150. */
  readonly budget?: number;
  /**
   * Architectures tried between two fits. Default 10; 1 for evolution on a table, which learns from each. A command trains
   * no more than these at a time, whatever its `parallel`.
   */
  readonly batch?: number;
  /** Default 1. */
  readonly trials?: number;
  /** Default 0. Trials of methods with equal seeds start from the same architectures. */
  readonly seed?: number;
  /** Architectures of the table on which each fit is judged, for the report only. Default 200; a command has none. */
  readonly heldOut?: number;
  /** Run directory. A run that was cut off in it goes on. */
  readonly out: string;
  /** Whether a directory of the same run with a smaller budget or fewer trials is to go on to these. */
  readonly extend?: boolean;
  /** Workers and threads; results do not depend on them. */
  readonly workers?: number;
  readonly threads?: number;
  /** Folder of the embedding cache, null for none; default: that of the embedder. */
  readonly cache?: string | null;
}

/** All that decides the result of a run, resolved; plain data for the manifest. */
export interface SearchPlan {
  readonly space: string;
  readonly source: TableSource | CommandSource;
  readonly metric: string;
  readonly testMetric: string | null;
  readonly settings: StrategySettings;
  readonly features: PlannedFeatures | null;
  readonly embedder: Reading | null;
  readonly surrogate: Omit<SurrogateOptions, 'threads'> | null;
  readonly budget: number;
  readonly batch: number;
  readonly trials: number;
  readonly seed: number;
  readonly heldOut: number;
}

/** All of a run's trials are held in memory. */
const mostTrials = 100_000;

type Defaults = { readonly [name in keyof RunSearchOptions]-?: RunSearchOptions[name] | undefined };

const defaults = {
  space: 'nas-bench-201',
  table: undefined,
  benchmark: undefined,
  command: undefined,
  metric: undefined,
  testMetric: undefined,
  strategy: 'bananas',
  preset: undefined,
  bananas: undefined,
  evolution: undefined,
  local: undefined,
  features: undefined,
  style: undefined,
  model: undefined,
  pooling: undefined,
  precision: undefined,
  embeddingLayer: undefined,
  specialTokens: undefined,
  echo: undefined,
  maxTokens: undefined,
  onLong: undefined,
  scaling: undefined,
  surrogate: undefined,
  budget: 150,
  batch: undefined,
  trials: 1,
  seed: 0,
  heldOut: 200,
  out: undefined,
  extend: undefined,
  workers: undefined,
  threads: undefined,
  cache: undefined,
} as const satisfies Defaults;

/** What every option has after resolving; the others may be undefined. */
type Resolved = Defaults &
  Required<Pick<RunSearchOptions, 'space' | 'strategy' | 'budget' | 'trials' | 'seed' | 'heldOut'>>;

/** Throws ERR_OPTION naming the option that is unknown, missing, out of range or meant for something else. */
export function planSearch(given: Omit<RunSearchOptions, 'out'> & { readonly out?: string }): SearchPlan {
  const o = resolveOptions<Resolved>('a search', defaults, given);
  const sources = (['table', 'benchmark', 'command'] as const).filter((name) => o[name] !== undefined);
  if (sources.length !== 1)
    throw new ColeError(
      'ERR_OPTION',
      `expected one of table, benchmark and command for a search, got ${sources.join(' and ') || 'none'}`,
    );
  if (o.metric === undefined) throw new ColeError('ERR_OPTION', 'expected a metric for a search, got none');
  const { strategy, preset, bananas, evolution, local } = o;
  const settings = resolveStrategy({
    strategy,
    ...(preset !== undefined && { preset }),
    ...(bananas && { bananas }),
    ...(evolution && { evolution }),
    ...(local && { local }),
  });
  const counts = {
    budget: o.budget,
    trials: o.trials,
    batch: o.batch ?? (strategy === 'evolution' && !o.command ? 1 : 10),
  };
  for (const [name, value] of Object.entries(counts)) atLeast(1, name, value);
  if (counts.trials > mostTrials)
    throw new ColeError('ERR_OPTION', `expected at most ${mostTrials} trials, got ${counts.trials}`);
  atLeast(0, 'heldOut', o.heldOut);
  atLeast(0, 'seed', o.seed);
  return {
    space: o.space,
    source: sourceOf(o),
    metric: o.metric,
    testMetric: o.testMetric ?? null,
    settings,
    ...surrogatePlan(o, settings),
    ...counts,
    seed: o.seed,
    heldOut: o.command === undefined ? o.heldOut : 0,
  };
}

function sourceOf({ space, table, benchmark, command }: Resolved): SearchPlan['source'] {
  if (table !== undefined) return { path: table };
  if (benchmark !== undefined) return { benchmark };
  const source = commandSource(space, typeof command === 'string' ? { command } : command!);
  checkCommandSettings(source);
  return source;
}

function surrogatePlan(
  o: Resolved,
  settings: StrategySettings,
): Pick<SearchPlan, 'features' | 'embedder' | 'surrogate'> {
  if (settings.strategy !== 'bananas') {
    refuseReading(o, `strategy ${settings.strategy}, which fits nothing`);
    const extra = (['features', 'style', 'scaling', 'surrogate'] as const).find((name) => o[name] !== undefined);
    if (extra)
      throw new ColeError(
        'ERR_OPTION',
        `expected no ${extra} for strategy ${settings.strategy}, which fits nothing, got one`,
      );
    return { features: null, embedder: null, surrogate: null };
  }
  const { features, embedder } = planFeatures(o, o.space);
  const published = surrogatePresets[o.surrogate?.head ?? 'mlp']?.['reference-naslib'] !== undefined;
  const reference =
    settings.bananas.generator === 'chained' && published ? ({ preset: 'reference-naslib' } as const) : {};
  const { threads: _threads, ...surrogate } = resolveSurrogate({ ...reference, ...o.surrogate });
  return { features, embedder, surrogate };
}
