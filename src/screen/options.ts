/** What a screen is asked for, and what that comes to. */
import { ColeError, pickNamed, resolveOptions, unknownName } from '../base/index.js';
import {
  codeScaling,
  defaultStyle,
  featureNames,
  needsEmbedder,
  parseSpec,
  type Reading,
  type ReadingChoice,
  refuseReading,
  resolveReading,
} from '../features/index.js';
import { type Space, space as spaceOf } from '../spaces/index.js';
import type { TableSource } from '../workers/index.js';
import { requireMakeable } from './kinds.js';
import type { RowKind } from './sources.js';

/**
 * An architecture to screen, a text, the token ids of a text as `cole tokenize` makes them, special ones included, or a vector
 * that `cole embed` made. All rows of an input are of one kind. `place`, such as a line, is for messages.
 */
export type InputRow =
  | { readonly arch: string; readonly place: string }
  | { readonly key: string; readonly text: string }
  | { readonly key: string; readonly ids: Int32Array; readonly place: string }
  | { readonly key: string; readonly vector: Float32Array };

/** Rows in place of random architectures. */
export interface ScreenInput {
  /** Names the content, such as a hash: a run goes on only with the same one. */
  readonly identity: string;
  /**
   * What rows were made with, where it is known: the identity of the embedder, of the tokenizer or of the renderer. A screen
   * refuses what its own heads were not fitted on.
   */
  readonly madeWith?: { readonly embedder?: string; readonly tokenizer?: string; readonly text?: string };
  /** All rows from the first one on, in the same order at each call. */
  rows(): AsyncIterable<InputRow>;
  /** Rows in all where that is known, or nearly so: for the time left. */
  readonly total?: number;
}

/** Texts over the limit are cut, so that echo, which pools whole texts, has no place here. */
export interface ScreenOptions extends Omit<ReadingChoice, 'echo' | 'onLong'> {
  /** Run directory. */
  readonly out: string;
  /** Default `einspace`. */
  readonly space?: string;
  /** Random architectures to draw; in place of `input`. */
  readonly count?: number;
  readonly input?: ScreenInput;
  /** File of known architectures, or a benchmark of the package, that the heads are fitted on. */
  readonly table?: string;
  readonly benchmark?: string;
  readonly metric: string;
  /** Features of the last stage, such as `code` or the committee `counts/counts+code`. Default `code`. */
  readonly features?: string;
  /** Features of the first stage. Default: the best ones that are cheap, see `cheapFeatures`. */
  readonly first?: string;
  /** What the last stage sees: a part such as `5%`, or as much as it can in a time such as `30min`. Default `5%`. */
  readonly full?: string;
  readonly style?: string;
  /** Longer texts are cut and counted. Default 512. */
  readonly maxTokens?: number;
  /** Rows in the result. Default 100. */
  readonly top?: number;
  /** Architectures that a worker takes on at a time; the last stage sees the part `full` of each chunk. Default 8192. */
  readonly chunk?: number;
  /** Part `index` of `of`, from 1: every of-th chunk. */
  readonly shard?: { readonly index: number; readonly of: number };
  readonly seed?: number;
  /** Whether a directory of the same screen with fewer draws is to go on to `count`. */
  readonly extend?: boolean;
  readonly workers?: number;
  readonly threads?: number;
}

export interface ScreenPlan {
  readonly space: string;
  readonly count: number | null;
  readonly input: string | null;
  readonly source: TableSource;
  readonly metric: string;
  readonly features: string;
  readonly first: string | null;
  /** A part, or seconds. */
  readonly full: { readonly share: number } | { readonly seconds: number };
  readonly style: string;
  readonly reading: Reading;
  readonly scaling: string;
  readonly top: number;
  readonly chunk: number;
  readonly shard: { readonly index: number; readonly of: number };
  readonly seed: number;
}

/**
 * First stage of a cascade unless told otherwise: of those at most a twentieth as dear as `code`, the one that kept most of
 * the best networks of einspace-digits (docs/results.md). Texts alone have no counts; n-grams do best for small cells.
 */
export function cheapFeatures(space: Space<unknown>, kind: RowKind = 'archs'): string {
  if (kind === 'ids') return 'static';
  if (!Object.hasOwn(space.encodings, 'counts')) return 'ngrams';
  return kind === 'archs' ? 'counts' : 'static';
}

type Defaults = { readonly [name in keyof ScreenOptions]-?: ScreenOptions[name] | undefined };

/** Those of `full`, `first` and `style` depend on others. */
const defaults = {
  out: undefined,
  space: 'einspace',
  count: undefined,
  input: undefined,
  table: undefined,
  benchmark: undefined,
  metric: undefined,
  features: 'code',
  first: undefined,
  full: undefined,
  style: undefined,
  model: undefined,
  pooling: undefined,
  precision: undefined,
  embeddingLayer: undefined,
  specialTokens: undefined,
  maxTokens: 512,
  top: 100,
  chunk: 8192,
  shard: { index: 1, of: 1 },
  seed: 0,
  extend: undefined,
  workers: undefined,
  threads: undefined,
} as const satisfies Defaults;

type Resolved = Defaults &
  Required<Pick<ScreenOptions, 'space' | 'features' | 'maxTokens' | 'top' | 'chunk' | 'shard' | 'seed'>>;

/**
 * `kind`: of the rows of an input. Throws ERR_OPTION naming the option that is unknown, missing, out of range or meant for
 * something else.
 */
export function planScreen(given: ScreenOptions, kind?: RowKind): ScreenPlan {
  const options = resolveOptions<Resolved>('a screen', defaults, given);
  const { features } = options;
  if (options.metric === undefined) throw new ColeError('ERR_OPTION', 'expected a metric for a screen, got none');
  const space = spaceOf(options.space);
  checkFeatures(features, space);
  const cheap = !needsEmbedder(features) || kind === 'vectors';
  const full = readBudget(options.full ?? (cheap ? '100%' : '5%'));
  const everything = 'share' in full && full.share === 1;
  if (kind === 'vectors' && !everything)
    throw new ColeError(
      'ERR_OPTION',
      `expected 100% as full of embeddings, which cost nothing more, got ${options.full}`,
    );
  const first = everything ? null : (options.first ?? cheapFeatures(space, kind));
  if (first !== null) checkFeatures(first, space);
  if (kind !== undefined)
    for (const spec of [features, ...(first === null ? [] : [first])]) requireMakeable(spec, kind);
  if (first !== null && needsEmbedder(first))
    throw new ColeError('ERR_OPTION', `expected features without a language model for the first stage, got ${first}`);
  if ((options.count === undefined) === (options.input === undefined))
    throw new ColeError('ERR_OPTION', 'expected a number of architectures to draw, or an input, and not both');
  if (options.extend && options.count === undefined)
    throw new ColeError('ERR_OPTION', 'expected random architectures in a screen that is extended, got an input');
  if ((options.table === undefined) === (options.benchmark === undefined))
    throw new ColeError('ERR_OPTION', 'expected a table or a benchmark with known values, and not both');
  const { shard, model, pooling, precision, embeddingLayer, specialTokens } = options;
  const others = { pooling, precision, embeddingLayer, specialTokens };
  // The model itself may be for the first stage alone, which reads static embeddings.
  if (!needsEmbedder(features)) refuseReading(others, `features ${features}, which read no text with a language model`);
  const reading = resolveReading({ model, ...others, maxTokens: options.maxTokens, onLong: 'truncate' });
  const plan: ScreenPlan = {
    space: space.name,
    count: options.count ?? null,
    input: options.input?.identity ?? null,
    source: options.table === undefined ? { benchmark: options.benchmark! } : { path: options.table },
    metric: options.metric,
    features,
    first,
    full,
    style: options.style ?? defaultStyle(space.name),
    reading,
    scaling: codeScaling(reading.model),
    top: options.top,
    chunk: options.chunk,
    shard,
    seed: options.seed,
  };
  for (const [name, value] of Object.entries({ ...plan, shards: shard.of, shard: shard.index }))
    if (typeof value === 'number' && name !== 'seed' && (!Number.isSafeInteger(value) || value < 1))
      throw new ColeError('ERR_OPTION', `expected a whole number of at least 1 for ${name} of a screen, got ${value}`);
  if (shard.index > shard.of)
    throw new ColeError('ERR_OPTION', `expected a shard of at most ${shard.of}, got ${shard.index}`);
  return plan;
}

/** `static` is for screens alone: the others have it from nowhere. */
function checkFeatures(spec: string, space: Space<unknown>): void {
  const known = [...featureNames(space), 'static'];
  for (const name of parseSpec(spec).flat())
    if (!known.includes(name)) throw unknownName(`features of ${space.name}`, name, known);
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };

/** `5%`, `100%`, `90s`, `30min`, `2h`. */
export function readBudget(text: string): { share: number } | { seconds: number } {
  const found = /^(\d+(?:\.\d+)?) ?(%|[a-z]+)$/.exec(text.trim());
  if (!found)
    throw new ColeError('ERR_OPTION', `expected a part such as 5% or a time such as 30min as full, got ${text}`);
  const value = Number(found[1]);
  if (found[2] === '%') {
    if (value <= 0 || value > 100)
      throw new ColeError('ERR_OPTION', `expected more than 0% and at most 100% as full, got ${text}`);
    return { share: value / 100 };
  }
  const unit = pickNamed('unit of time', unitSeconds, found[2]!);
  if (value <= 0) throw new ColeError('ERR_OPTION', `expected a time above 0 as full, got ${text}`);
  return { seconds: value * unit };
}
