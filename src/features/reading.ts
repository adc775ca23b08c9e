/** How a language model reads texts: what of an embedder decides their vectors. */
import { ColeError } from '../base/index.js';
import type { EmbedderOptions } from '../lm/index.js';
import { codeDefaults } from './defaults.js';

export type Reading = Pick<
  EmbedderOptions,
  'model' | 'pooling' | 'precision' | 'embeddingLayer' | 'specialTokens' | 'echo' | 'maxTokens' | 'onLong'
>;

/** As a caller says it; the meaning of each is that of the embedder's option. */
export type ReadingChoice = { readonly [name in keyof Reading]?: Reading[name] | undefined };

const defaults: Reading = {
  model: codeDefaults.model,
  pooling: codeDefaults.pooling,
  precision: 'float32',
  embeddingLayer: true,
  specialTokens: true,
  echo: false,
  maxTokens: 2048,
  onLong: 'error',
};

const names = Object.keys(defaults) as (keyof Reading)[];

export function resolveReading(choice: ReadingChoice): Reading {
  const given = names.flatMap((name) => (choice[name] === undefined ? [] : [[name, choice[name]]]));
  const reading: Reading = { ...defaults, ...Object.fromEntries(given) };
  if (!reading.embeddingLayer && reading.pooling !== 'avg_avg')
    throw new ColeError(
      'ERR_OPTION',
      `expected pooling avg_avg, which alone averages over all layers, for embeddingLayer false, got ${reading.pooling}`,
    );
  return reading;
}

/** Throws ERR_OPTION, naming the choice, where one is given. `what`: for what, and why it has no language model. */
export function refuseReading(choice: ReadingChoice, what: string): void {
  const extra = names.find((name) => choice[name] !== undefined);
  if (extra) throw new ColeError('ERR_OPTION', `expected no ${extra} for ${what}, got one`);
}

/** What was chosen, in words for a name: values as they are, the others by what they change. */
export function readingWords(choice: ReadingChoice): string[] {
  const { model, pooling, precision, embeddingLayer, specialTokens, echo, maxTokens, onLong } = choice;
  return [
    ...[model, pooling, precision].filter((each) => each !== undefined),
    ...(embeddingLayer === false ? ['no-embedding-layer'] : []),
    ...(specialTokens === false ? ['no-special-tokens'] : []),
    ...(echo ? ['echo'] : []),
    ...(maxTokens === undefined ? [] : [`max-tokens=${maxTokens}`]),
    ...(onLong === undefined ? [] : [onLong]),
  ];
}

/** `readingWords` of what is not the default, the model always. */
export function shortReading(reading: Reading): string {
  const other = names.filter((name) => name === 'model' || reading[name] !== defaults[name]);
  return readingWords(Object.fromEntries(other.map((name) => [name, reading[name]]))).join(' ');
}
