/** How a language model reads texts: one table of options for all commands that embed. */
import { Option } from '@commander-js/extra-typings';
import type { ReadingChoice } from '../index.js';

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

/** What was asked for; the library checks the words. */
export function readingOf(options: {
  readonly model?: string | undefined;
  readonly pooling?: string | undefined;
  readonly precision?: ReadingChoice['precision'];
  readonly embeddingLayer?: boolean;
  readonly specialTokens?: boolean;
  readonly echo?: true | undefined;
}): ReadingChoice {
  const { model, pooling, precision, embeddingLayer, specialTokens, echo } = options;
  return {
    model,
    pooling: pooling as ReadingChoice['pooling'],
    precision,
    // True where no flag says no: that asks for nothing.
    embeddingLayer: embeddingLayer === false ? false : undefined,
    specialTokens: specialTokens === false ? false : undefined,
    echo,
  };
}
