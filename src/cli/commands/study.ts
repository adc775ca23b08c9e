/** `cole study regression`: feature sets and heads compared by repeated cross-validation on one table. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { ColeError } from '../../base/index.js';
import type { ReadingChoice, RegressionMethod, RegressionOptions, RegressionSummary } from '../../index.js';
import { integer, integers } from '../arguments.js';
import { embedded, metricsOf, tableHelp } from '../benchmark.js';
import { commandLine, contextOf, defined, examples, runDirectory } from '../context.js';
import { headHelp } from '../head.js';
import { formatTable, log, print, printJson } from '../output.js';
import { showProgress } from '../progress.js';
import { limitOptions, readingOf, readingOptions } from '../reading.js';
import { interruptSignal } from '../signals.js';

export function addStudy(program: CommandUnknownOpts): void {
  const study = program
    .command('study')
    .description('compare methods on a table')
    .addHelpText('before', examples('cole study regression --features code,ngrams,path'));
  study
    .command('regression')
    .description('how well methods rank architectures they have not seen, by repeated cross-validation')
    .addHelpText(
      'before',
      examples(
        'cole study regression --features code,ngrams,path',
        'cole study regression --features code --styles nested,paths --models all-minilm-l6-v2,smollm2-135m --repeats 2',
        'cole study regression --features code,ngrams --repeats 10 --out study --extend',
        'cole study regression --table accuracies.csv --metric accuracy --embeddings mine=e.arrow --features ngrams',
      ),
    )
    .option('--space <name>', 'search space (default: that of the benchmark, else nas-bench-201)')
    .addOption(new Option('--table <file>', tableHelp).conflicts('benchmark'))
    .option('--benchmark <name>', `table that is part of cole (default: ${embedded.name}, unless --table is given)`)
    .option('--metric <column>', `column that is predicted (default for benchmarks: ${embedded.metric})`)
    .option(
      '--features <list>',
      'what heads see: code, ngrams, path ..., sums such as code+ngrams, committees such as ngrams/code+ngrams',
    )
    .option(
      '--embeddings <list>',
      'files that cole embed wrote, as name=file or name=file#column; beside or instead of --features',
    )
    .option('--styles <list>', 'forms of the text that code and ngrams read, see cole render --styles')
    .option('--models <list>', 'language models of code, see cole models list')
    .option(
      '--pool, --poolings <list>',
      'mean, last_token, avg_avg, mid, multi_layer, layer:K; those of one model come from one run of it',
    )
    .option('--precisions <list>', 'float32, int8, int4; made once by cole models pull NAME --precision')
    .addOption(readingOptions.embeddingLayer())
    .addOption(readingOptions.specialTokens())
    .addOption(readingOptions.echo())
    .addOption(limitOptions.maxTokens())
    .addOption(limitOptions.onLong())
    .option('--scalings <list>', 'none, center, zscore, l2')
    .option('--heads <list>', `what is fitted to the features: ${headHelp} (default: mlp)`)
    .option('--presets <list>', 'settings of the head, which the others go over')
    .option('--losses <list>', 'losses of mlp: mse, hinge')
    .option('--pcas <list>', 'principal components that the head sees, 0 for the features as they are', integers(0))
    .option('--ensembles <list>', 'members of the heads, all of them ensembles: mlp, xgboost, perceiver', integers(1))
    .option('--baseline <method>', 'name of the method that the others are compared with (default: the first)')
    .option('--sizes <list>', 'training rows (default: those of 14,55,220,879,3516 that fit)', integers(2))
    .option('--folds <n>', 'parts of the table, one of which is the test', integer(2), 10)
    .option('--repeats <n>', 'splits into folds', integer(1), 10)
    .option('--population <n>', 'rows of the table that take part, drawn at random (default: all)', integer(2))
    .option('--identity <name>', 'canonical: one architecture of each class that computes the same; or text', 'text')
    .option('--out <dir>', 'run directory (default: one under runs/ named after the options)')
    .option('--extend', 'go on with the study in --out, which has fewer repeats')
    .action(async (options, command) => {
      const { benchmarkSpace, runRegression } = await import('../../index.js');
      const context = contextOf(command);
      const benchmark = options.benchmark ?? (options.table === undefined ? embedded.name : undefined);
      const what = defined({
        space: options.space ?? (benchmark === undefined ? undefined : benchmarkSpace(benchmark)),
        table: options.table,
        benchmark,
        metric: options.metric ?? metricsOf(benchmark).metric,
        methods: methodsOf(options),
        baseline: options.baseline,
        sizes: options.sizes,
        folds: options.folds,
        repeats: options.repeats,
        population: options.population,
        identity: options.identity,
        seed: context.seed,
      });
      const hash = createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 8);
      const out = runDirectory(options, join('runs', `regression-${hash}`));
      const { seed: _, json: __, ...cores } = context;
      // The library checks what these words may be: it names the nearest.
      const summary = await runRegression(
        { ...what, ...cores, ...defined({ extend: options.extend }), out } as unknown as RegressionOptions,
        {
          onProgress: showProgress,
          signal: interruptSignal(),
          command: commandLine(),
        },
      );
      if (context.json) return printJson(summary);
      await print(regressionTable(summary));
      log.info(`run directory: ${out}; cole report ${out} writes its report`);
    });
}

type Lists = Readonly<
  Partial<
    Record<
      | 'features'
      | 'embeddings'
      | 'styles'
      | 'models'
      | 'poolings'
      | 'precisions'
      | 'scalings'
      | 'heads'
      | 'presets'
      | 'losses',
      string
    >
  >
> & {
  readonly pcas?: readonly number[];
  readonly ensembles?: readonly number[];
  readonly embeddingLayer?: boolean;
  readonly specialTokens?: boolean;
  readonly echo?: true | undefined;
  readonly maxTokens?: number | undefined;
  readonly onLong?: ReadingChoice['onLong'];
};

/** Every combination of the lists that a feature set can have; those that come to the same are one method. */
function methodsOf(lists: Lists): RegressionMethod[] {
  const heads = (list(lists.heads) ?? [undefined])
    .flatMap((head) =>
      combine<Record<string, unknown>>([
        ['head', head === undefined ? undefined : [head]],
        ['preset', list(lists.presets)],
        ['loss', head === undefined || head === 'mlp' ? list(lists.losses) : undefined],
        ['components', lists.pcas],
        ['members', lists.ensembles],
      ]),
    )
    .map((surrogate) => (Object.keys(surrogate).length > 0 ? { surrogate } : {}));
  const files = (list(lists.embeddings) ?? []).map((each) => {
    const [name, ...file] = each.split('=');
    return { name, embeddings: file.join('=') || name };
  });
  const sets = list(lists.features) ?? (files.length > 0 ? [] : ['code']);
  const features = sets.flatMap((spec) => {
    const names = spec.split(/[+/]/);
    const reads = names.includes('code');
    return combine<Record<string, unknown>>([
      ['features', [spec]],
      ['style', reads || names.includes('ngrams') ? list(lists.styles) : undefined],
      ['model', reads ? list(lists.models) : undefined],
      ['pooling', reads ? list(lists.poolings) : undefined],
      ['precision', reads ? list(lists.precisions) : undefined],
      ['scaling', list(lists.scalings)],
    ]).map((method) => (reads ? { ...method, ...switches(lists, method) } : method));
  });
  refuseUnused(lists, features);
  const ofFeatures = features.flatMap((method) => heads.map((head) => ({ ...method, ...head })));
  // What is done to vectors that are there is the head's to do.
  const scaledHeads = heads.flatMap(({ surrogate }) =>
    combine<Record<string, unknown>>([['standardize', list(lists.scalings)]]).map((scaling) => ({
      ...scaling,
      ...surrogate,
    })),
  );
  const ofFiles = files.flatMap(({ name, embeddings }) =>
    scaledHeads.map((surrogate) => ({ name: [name, ...Object.values(surrogate)].join(' '), embeddings, surrogate })),
  );
  const methods = [...ofFiles, ...ofFeatures];
  return [...new Map(methods.map((method) => [JSON.stringify(method), method])).values()] as RegressionMethod[];
}

/** A choice that no method takes would change nothing without a word. */
function refuseUnused(lists: Lists, methods: readonly Record<string, unknown>[]): void {
  const { styles: style, models: model, poolings: pooling, precisions: precision } = lists;
  const asked = { style, model, pooling, precision, ...switches(lists, {}) };
  for (const [name, value] of Object.entries(asked))
    if (value !== undefined && !methods.some((method) => method[name] !== undefined))
      throw new ColeError('ERR_OPTION', `expected features to which ${name} ${value} applies, got none`);
}

/** Those of the language model, for a method that has one; the embedding layer is in avg_avg alone. */
function switches(lists: Lists, { pooling }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { embeddingLayer, ...others } = readingOf({
    specialTokens: lists.specialTokens ?? true,
    embeddingLayer: lists.embeddingLayer ?? true,
    echo: lists.echo,
    maxTokens: lists.maxTokens,
    onLong: lists.onLong,
  });
  const averages = pooling === undefined || pooling === 'avg_avg';
  return defined({ ...others, embeddingLayer: averages ? embeddingLayer : undefined });
}

/** All ways to take one value of every list; a list that is missing leaves its name out. */
function combine<T>(choices: readonly (readonly [string, readonly unknown[] | undefined])[]): T[] {
  return choices.reduce<Record<string, unknown>[]>(
    (found, [name, values]) =>
      values ? found.flatMap((each) => values.map((value) => ({ ...each, [name]: value }))) : found,
    [{}],
  ) as T[];
}

function list(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** Mean tau with its deviation; marked where it differs from the baseline's after Holm's correction. */
function regressionTable(summary: RegressionSummary): string {
  const { methods, sizes, results, comparisons, baseline, folds, repeats, objective } = summary;
  const rows = methods.map(({ name: method }) => [
    method,
    ...sizes.map((size) => {
      const { tau } = results.find((each) => each.method === method && each.size === size)!.metrics;
      const test = comparisons.find((each) => each.method === method && each.size === size);
      const mark = test && test.holmP < 0.05 ? (test.difference > 0 ? ' +' : ' -') : '';
      return `${tau!.mean.toFixed(3)} ± ${tau!.deviation.toFixed(3)}${mark}`;
    }),
  ]);
  return `${formatTable(['method', ...sizes.map(String)], rows)}\n\nKendall's tau of ${objective.metric} of ${objective.name} by training rows, mean ± deviation of ${folds} folds x ${repeats} repeats; +, -: above or below ${baseline} (p < 0.05, corrected t-test, Holm)`;
}
