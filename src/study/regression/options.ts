/** Options of a regression study: what a caller may say, what it comes to, and what of it decides the result. */
import { atLeast, ColeError, resolveOptions } from '../../base/index.js';
import { type ReadingChoice, readingWords, refuseReading, type Scaling } from '../../features/index.js';
import { resolveSurrogate, type SurrogateChoice, type SurrogateOptions } from '../../surrogate/index.js';
import type { TableSource } from '../../workers/index.js';
import { type FeaturePlan, planFeatures } from '../features.js';

/** Features, how a language model reads them where it does, and the head that learns from them. */
export interface RegressionMethod extends ReadingChoice {
  /** In tables and files. Default: the features and every choice that was given. */
  readonly name?: string;
  /** As in a search. Default `code`. */
  readonly features?: string;
  /** Arrow file that `cole embed` wrote, with an architecture as each key; takes the place of `features` and all that follows but the surrogate. */
  readonly embeddings?: string;
  readonly style?: string;
  readonly scaling?: Scaling;
  readonly surrogate?: SurrogateChoice;
}

/** Methods compared on one table by repeated cross-validation. */
export interface RegressionOptions {
  /** Default `nas-bench-201`. */
  readonly space?: string;
  /** File of the table: CSV, JSON lines or Arrow. Either this or `benchmark`. */
  readonly table?: string;
  readonly benchmark?: string;
  /** Column that is predicted. */
  readonly metric: string;
  readonly methods: readonly RegressionMethod[];
  /** Name of the method that the others are compared with. Default: the first. */
  readonly baseline?: string;
  /** Training rows. Default 14, 55, 220, 879 and 3516, those that fit the table. */
  readonly sizes?: readonly number[];
  /** Default 10. */
  readonly folds?: number;
  /** Default 10. */
  readonly repeats?: number;
  /** Rows of the table that take part, drawn at random. Default: all with a value. */
  readonly population?: number;
  /** `canonical` lets one architecture of each class that computes the same take part, so that no test row has a twin among the training rows. Default `text`. */
  readonly identity?: 'text' | 'canonical';
  /** Default 0. */
  readonly seed?: number;
  /** Run directory. A study that was cut off in it goes on. */
  readonly out: string;
  /** Whether a directory of the same study with fewer repeats is to go on to these. */
  readonly extend?: boolean;
  /** Workers and threads; results do not depend on them. */
  readonly workers?: number;
  readonly threads?: number;
  /** Folder of the embedding cache, null for none; default: that of the embedder. */
  readonly cache?: string | null;
}

export interface MethodPlan {
  readonly name: string;
  readonly features: FeaturePlan['features'] | null;
  readonly embedder: FeaturePlan['embedder'];
  /** Path of an embeddings file, where that is what the head sees. */
  readonly embeddings: string | null;
  readonly surrogate: Omit<SurrogateOptions, 'threads'>;
}

/** All that decides the result of a study, resolved; plain data for the manifest. Sizes are null until the table is known. */
export interface RegressionPlan {
  readonly space: string;
  readonly source: TableSource;
  readonly metric: string;
  readonly methods: readonly MethodPlan[];
  readonly baseline: string;
  readonly sizes: readonly number[] | null;
  readonly folds: number;
  readonly repeats: number;
  readonly population: number | null;
  readonly identity: 'text' | 'canonical';
  readonly seed: number;
}

/** 14,062, the rows outside a fold of NAS-Bench-201, divided by powers of four, but for itself. */
export const defaultSizes: readonly number[] = [14, 55, 220, 879, 3516];

const defaults = {
  space: 'nas-bench-201',
  table: undefined as string | undefined,
  benchmark: undefined as string | undefined,
  metric: undefined as string | undefined,
  methods: [] as readonly RegressionMethod[],
  baseline: undefined as string | undefined,
  sizes: undefined as readonly number[] | undefined,
  folds: 10,
  repeats: 10,
  population: undefined as number | undefined,
  identity: 'text' as 'text' | 'canonical',
  seed: 0,
  out: undefined as string | undefined,
  extend: undefined as boolean | undefined,
  workers: undefined as number | undefined,
  threads: undefined as number | undefined,
  cache: undefined as string | null | undefined,
};

const what = 'a regression study';

/** Throws ERR_OPTION naming the option that is unknown, missing, out of range or meant for something else. */
export function planRegression(given: RegressionOptions): RegressionPlan {
  const o = resolveOptions<typeof defaults>(what, defaults, given);
  if ((o.table === undefined) === (o.benchmark === undefined))
    throw new ColeError(
      'ERR_OPTION',
      `expected either a table or a benchmark for ${what}, got ${o.table === undefined ? 'neither' : 'both'}`,
    );
  if (o.metric === undefined) throw new ColeError('ERR_OPTION', `expected a metric for ${what}, got none`);
  if (o.methods.length === 0) throw new ColeError('ERR_OPTION', `expected at least one method for ${what}, got none`);
  atLeast(2, 'folds', o.folds);
  atLeast(1, 'repeats', o.repeats);
  atLeast(0, 'seed', o.seed);
  for (const size of o.sizes ?? []) atLeast(2, 'sizes', size);
  if (o.population !== undefined) atLeast(o.folds, 'population', o.population);
  if (o.identity !== 'text' && o.identity !== 'canonical')
    throw new ColeError('ERR_OPTION', `expected text or canonical for identity, got ${o.identity}`);
  const methods = o.methods.map((method) => planMethod(method, o.space));
  const names = methods.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ColeError('ERR_OPTION', `expected distinct names of methods, got ${JSON.stringify(twice)} twice`);
  const baseline = o.baseline ?? names[0]!;
  if (!names.includes(baseline))
    throw new ColeError('ERR_OPTION', `expected one of the methods (${names.join('; ')}) as baseline, got ${baseline}`);
  return {
    space: o.space,
    source: o.table === undefined ? { benchmark: o.benchmark! } : { path: o.table },
    metric: o.metric,
    methods,
    baseline,
    sizes: o.sizes ? [...new Set(o.sizes)].sort((a, b) => a - b) : null,
    folds: o.folds,
    repeats: o.repeats,
    population: o.population ?? null,
    identity: o.identity,
    seed: o.seed,
  };
}

const methodDefaults = {
  name: undefined as string | undefined,
  features: undefined as string | undefined,
  embeddings: undefined as string | undefined,
  style: undefined as string | undefined,
  model: undefined as string | undefined,
  pooling: undefined as ReadingChoice['pooling'],
  precision: undefined as ReadingChoice['precision'],
  embeddingLayer: undefined as boolean | undefined,
  specialTokens: undefined as boolean | undefined,
  echo: undefined as boolean | undefined,
  maxTokens: undefined as number | undefined,
  onLong: undefined as ReadingChoice['onLong'],
  scaling: undefined as Scaling | undefined,
  surrogate: undefined as SurrogateChoice | undefined,
};

function planMethod(given: RegressionMethod, spaceName: string): MethodPlan {
  const o = resolveOptions<typeof methodDefaults>('a method', methodDefaults, given);
  const { threads: _, ...surrogate } = resolveSurrogate(o.surrogate);
  const head = Object.entries(o.surrogate ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [typeof value === 'string' ? value : `${key}=${value}`],
  );
  if (o.embeddings !== undefined) {
    refuseReading(o, `embeddings ${o.embeddings}, which are there`);
    const extra = (['features', 'style', 'scaling'] as const).find((key) => o[key] !== undefined);
    if (extra)
      throw new ColeError(
        'ERR_OPTION',
        `expected no ${extra} for embeddings ${o.embeddings}, which are there, got one`,
      );
    const name = o.name ?? [o.embeddings, ...head].join(' ');
    return { name, features: null, embedder: null, embeddings: o.embeddings, surrogate };
  }
  const { features, embedder } = planFeatures(o, spaceName);
  const choices = [o.style, ...readingWords(o), o.scaling].filter((choice) => choice !== undefined);
  return {
    name: o.name ?? [features.spec, ...choices, ...head].join(' '),
    features,
    embedder,
    embeddings: null,
    surrogate,
  };
}
