/** `cole search`: one method on one table, many trials of it if asked; the run directory takes up where it was left. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { ColeError } from '../../base/index.js';
import type { RunSearchOptions } from '../../index.js';
import { integer, number } from '../arguments.js';
import { embedded, metricsOf, tableHelp } from '../benchmark.js';
import { commandLine, contextOf, defined, examples, runDirectory } from '../context.js';
import { headHelp } from '../head.js';
import { log, print, printJson } from '../output.js';
import { showProgress } from '../progress.js';
import { limitOptions, readingOf, readingOptions } from '../reading.js';
import { interruptSignal } from '../signals.js';
import { summaryTable } from '../summary.js';

export function addSearch(program: CommandUnknownOpts): void {
  program
    .command('search')
    .description('search for good architectures in a table, or by training them, one trial or many')
    .addHelpText(
      'before',
      examples(
        'cole search --features code+ngrams --budget 100',
        'cole search --table accuracies.csv --metric test_accuracy --trials 20 --out runs/code',
        'cole search --table accuracies.csv --metric test_accuracy --strategy random --trials 20',
        'cole search --features code --trials 40 --budget 200 --out runs/code --extend',
        "cole search --command 'python3 train.py {code} {out}' --metric accuracy --parallel 2 --budget 60",
      ),
    )
    .option('--space <name>', 'search space (default: that of the benchmark, else nas-bench-201)')
    .addOption(new Option('--table <file>', tableHelp).conflicts('benchmark'))
    .addOption(
      new Option(
        '--command <line>',
        'program that trains: {code} is a file with the rendered network, {out} where it writes its answer as JSON',
      ).conflicts(['table', 'benchmark']),
    )
    .option('--serve', 'the command stays and is given trainings as JSON lines, see examples/digits')
    .option('--parallel <n>', 'trainings at a time (default: 1)', integer(1))
    .option('--timeout <seconds>', 'of a training (default: 3600)', number)
    .option('--retries <n>', 'further tries of a training that failed (default: 1)', integer(0))
    .option('--max-failures <n>', 'failed trainings in a row that stop the search (default: 5)', integer(1))
    .option('--command-style <name>', 'form of the code that the command gets (default: one that runs)')
    .option('--benchmark <name>', `table that is part of cole (default: ${embedded.name}, unless --table is given)`)
    .option('--metric <column>', `column that is maximised (default for benchmarks: ${embedded.metric})`)
    .option('--test-metric <column>', 'column that is recorded beside it and never searched on')
    .option('--strategy <name>', 'bananas, evolution, local or random', 'bananas')
    .option('--preset <name>', 'settings of bananas: default, or those of published code, cole-reference or naslib')
    .option(
      '--features <names>',
      'what the surrogate sees: code, ngrams, path ..., a sum such as code+ngrams, or a committee of heads such as ngrams/code+ngrams (default: code)',
    )
    .option('--style <name>', 'form of the text that code and ngrams read, see cole render --styles')
    .addOption(readingOptions.model())
    .addOption(readingOptions.pooling())
    .addOption(readingOptions.precision())
    .addOption(readingOptions.embeddingLayer())
    .addOption(readingOptions.specialTokens())
    .addOption(readingOptions.echo())
    .addOption(limitOptions.maxTokens())
    .addOption(limitOptions.onLong())
    .option('--scaling <mode>', 'scaling of the features')
    .option('--head <name>', `what is fitted to the features: ${headHelp} (default: mlp)`)
    .option('--loss <name>', 'loss of an mlp: mse or hinge')
    .option('--pca <n>', 'principal components that the head sees, 0 for the features as they are', integer(0))
    .option('--whiten <epsilon>', 'divide each component by the root of its variance plus this', number)
    .option('--ensemble <n>', 'members of the head, where it is an ensemble', integer(1))
    .option('--acquisition <name>', 'its, ucb, ei or exploit')
    .option('--candidates <n>', 'mutants that are scored between two fits', integer(1))
    .option('--parents <n>', 'best architectures so far that are mutated', integer(1))
    .option('--max-edits <n>', 'edits of a mutant, at most', integer(1))
    .option('--identity <name>', 'when two architectures are the same: canonical (they compute the same) or text')
    .option('--initial <n>', 'random architectures before the first fit, or the first climb of local', integer(1))
    .option('--population <n>', 'of evolution', integer(1))
    .option('--sample <n>', 'of evolution: drawn from the population for each tournament', integer(1))
    .option('--budget <n>', 'evaluations of a trial', integer(1), 150)
    .option('--batch <n>', 'evaluations between two fits (default: 10, evolution 1)', integer(1))
    .option('--trials <n>', 'independent repetitions', integer(1), 1)
    .option(
      '--held-out <n>',
      'architectures of the table that each fit is judged on, for the report only',
      integer(0),
      200,
    )
    .option('--out <dir>', 'run directory (default: one under runs/ named after method and options)')
    .option('--extend', 'go on with the search in --out, which has a smaller budget or fewer trials')
    .action(async (options, command) => {
      const { benchmarkSpace, runSearch } = await import('../../index.js');
      const context = contextOf(command);
      const benchmark =
        options.benchmark ?? (options.table === undefined && options.command === undefined ? embedded.name : undefined);
      const what = defined({
        space: options.space ?? (benchmark === undefined ? undefined : benchmarkSpace(benchmark)),
        table: options.table,
        benchmark,
        command: commandOf(options),
        metric: options.metric ?? metricsOf(benchmark).metric,
        testMetric: options.testMetric ?? metricsOf(benchmark).testMetric,
        strategy: options.strategy,
        preset: options.preset,
        features: options.features,
        style: options.style,
        ...readingOf(options),
        scaling: options.scaling,
        surrogate: section({
          head: options.head,
          loss: options.loss,
          components: options.pca,
          whiten: options.whiten,
          members: options.ensemble,
        }),
        bananas: section({
          acquisition: options.acquisition,
          candidates: options.candidates,
          parents: options.parents,
          maxEdits: options.maxEdits,
          identity: options.identity,
          initial: options.strategy === 'local' ? undefined : options.initial,
        }),
        local: section({ initial: options.strategy === 'local' ? options.initial : undefined }),
        evolution: section({ population: options.population, sample: options.sample }),
        budget: options.budget,
        batch: options.batch,
        trials: options.trials,
        heldOut: options.heldOut,
        seed: context.seed,
      });
      const named = { ...what, command: options.command, commandStyle: options.commandStyle };
      const out = runDirectory(options, defaultDirectory(named));
      const { seed: _, json: __, ...cores } = context;
      // The library checks what these words may be: it names the nearest.
      const summary = await runSearch(
        { ...what, ...cores, ...defined({ extend: options.extend }), out } as RunSearchOptions,
        {
          onProgress: showProgress,
          signal: interruptSignal(),
          command: commandLine(),
        },
      );
      if (context.json) return printJson(summary);
      await print(summaryTable([summary]));
      log.info(`run directory: ${out}; cole report ${out} writes its report`);
    });
}

/** A directory of its own for every set of options, so that the same command finds its run again. */
function defaultDirectory(what: Readonly<Record<string, unknown>>): string {
  const hash = createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 8);
  const features = String(what.features ?? 'code').replaceAll('/', '-');
  const name = [what.strategy, ...(what.strategy === 'bananas' ? [features] : []), hash].join('-');
  return join('runs', name);
}

function commandOf(options: {
  command?: string;
  serve?: true;
  parallel?: number;
  timeout?: number;
  retries?: number;
  maxFailures?: number;
  commandStyle?: string;
}): Record<string, unknown> | undefined {
  const { command, serve, parallel, timeout, retries, maxFailures, commandStyle } = options;
  const settings = section({
    serve,
    parallel,
    timeoutSeconds: timeout,
    retries,
    maxFailures,
    style: commandStyle,
  });
  if (command !== undefined) return { command, ...settings };
  if (settings)
    throw new ColeError(
      'ERR_OPTION',
      `expected --command beside settings of it, got ${Object.keys(settings).join(', ')} alone`,
    );
  return undefined;
}

function section(values: Record<string, unknown>): Record<string, unknown> | undefined {
  const set = defined(values);
  return Object.keys(set).length > 0 ? set : undefined;
}
