/** How a language model reads texts: one table of options for all commands that embed. */
import { Option } from '@commander-js/extra-typings';
import type { ReadingChoice } from '../index.js';
import { integer } from './arguments.js';

const poolings = 'mean, last_token, avg_avg, mid, multi_layer or layer:K';

/** Each makes an option, since an option belongs to one command. */
export const readingOptions = {
  model: () => new Option('--model <name>', 'language model, see cole models list (default: that of features code)'),
  pooling: () => new Option('--pool, --pooling <mode>', `${poolings} (default: that of features code)`),
  poolings: () =>
    new Option(
      '--pool, --pooling <list>',
      `${poolings}; several come from one run of the model, as columns with their names instead of embedding (default: that of features code)`,
    ),
  precision: () =>
    new Option(
      '--precision <name>',
      'of the language model; made once by cole models pull NAME --precision (default: float32)',
    ).choices(['float32', 'int8', 'int4'] as const),
  embeddingLayer: () => new Option('--no-embedding-layer', 'leave the embedding layer out of avg_avg'),
  specialTokens: () =>
    new Option(
      '--no-special-tokens',
      'leave the special tokens around a text, which the model still reads, out of poolings',
    ),
  echo: () => new Option('--echo', 'causal models: read each text twice and pool over the second copy'),
};

/** Of texts over the limit; commands differ in their own defaults. */
export const limitOptions = {
  maxTokens: () => new Option('--max-tokens <n>', 'longest text, special tokens included').argParser(integer(1)),
  onLong: () =>
    new Option(
      '--on-long <what>',
      'what to do with longer texts: refuse them (default), cut them on the right, or split them into windows and pool over all of them',
    ).choices(['error', 'truncate', 'chunk'] as const),
};

/** What was asked for; the library checks the words. */
export function readingOf(options: {
  readonly model?: string | undefined;
  readonly pooling?: string | undefined;
  readonly precision?: ReadingChoice['precision'];
  readonly embeddingLayer?: boolean;
  readonly specialTokens?: boolean;
  readonly echo?: true | undefined;
  readonly maxTokens?: number | undefined;
  readonly onLong?: ReadingChoice['onLong'];
}): ReadingChoice {
  const { model, pooling, precision, embeddingLayer, specialTokens, echo, maxTokens, onLong } = options;
  return {
    model,
    pooling: pooling as ReadingChoice['pooling'],
    precision,
    // True where no flag says no: that asks for nothing.
    embeddingLayer: embeddingLayer === false ? false : undefined,
    specialTokens: specialTokens === false ? false : undefined,
    echo,
    maxTokens,
    onLong,
  };
}
