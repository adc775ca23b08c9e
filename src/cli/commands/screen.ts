/** `cole screen`: architectures by the million, sampled or read, scored in two stages, the best kept. */
import { type CommandUnknownOpts, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { ScreenOptions, ScreenSummary } from '../../index.js';
import { integer } from '../arguments.js';
import { embedded, metricsOf, tableHelp } from '../benchmark.js';
import { commandLine, contextOf, defined, examples, required } from '../context.js';
import { formatTable, log, print, printJson } from '../output.js';
import { showProgress } from '../progress.js';
import { readingOf, readingOptions } from '../reading.js';
import { screenInput } from '../rows.js';
import { interruptSignal } from '../signals.js';

/** Rows of the result that are shown; the file has all. */
const shown = 5;

export function addScreen(program: CommandUnknownOpts): void {
  program
    .command('screen')
    .description('score architectures by the million and keep the best')
    .argument(
      '[input]',
      'what to screen instead of random architectures: lines or JSON lines with arch, text, ids (cole tokenize) or embedding (cole embed), an Arrow file with one of them, or a folder of .py files',
    )
    .addHelpText(
      'before',
      examples(
        'cole screen -n 1000000 --benchmark einspace-digits --out screen',
        'cole screen -n 10000 --table known.csv --metric accuracy --full 100% --out screen',
        'cole screen archs.jsonl --table known.csv --metric accuracy --full 30min --out screen',
        'cole screen tokens.arrow --benchmark einspace-digits --out screen',
        'cole screen -n 2000000 --benchmark einspace-digits --out screen --extend',
        'cole screen -n 1000000 --shard 1/4 --table known.csv --metric accuracy --out shard-1',
      ),
    )
    .option('--space <name>', 'search space, with its settings (default: that of the benchmark, else einspace)')
    .option('-n, --count <n>', 'random architectures to draw', integer(1))
    .addOption(new Option('--table <file>', `known architectures: ${tableHelp}`).conflicts('benchmark'))
    .option('--benchmark <name>', 'table of known architectures that is part of cole')
    .option(
      '--metric <column>',
      `column that is predicted; more is better (default for benchmarks: ${embedded.metric})`,
    )
    .option(
      '--features <names>',
      'what the last stage sees: code, a sum such as code+ngrams, or a committee of heads such as counts/counts+code',
      'code',
    )
    .option('--first <names>', 'what the first stage sees: counts, ngrams, static, sums or committees of them')
    .option('--full <budget>', 'what the last stage sees: a part such as 5%, or what it can do in a time such as 30min')
    .option('--style <name>', 'form of the text, see cole render --styles (default for einspace: nested)')
    .addOption(readingOptions.model())
    .addOption(readingOptions.pooling())
    .addOption(readingOptions.precision())
    .addOption(readingOptions.embeddingLayer())
    .addOption(readingOptions.specialTokens())
    .option('--max-tokens <n>', 'longer texts are cut and counted', integer(1), 512)
    .option('--top <n>', 'architectures to keep', integer(1), 100)
    .option(
      '--chunk <n>',
      'architectures that a worker takes on at a time; --full is a part of each chunk',
      integer(1),
      8192,
    )
    .addOption(
      new Option('--shard <i/k>', 'only every k-th chunk, from the i-th on; see cole merge').argParser(shardOf),
    )
    .option('--out <dir>', 'run directory; the same command goes on with it')
    .option('--extend', 'lengthen the screen in the run directory to -n draws')
    .action(async (input, options, command) => {
      const { benchmarkSpace, readTop, runScreen } = await import('../../index.js');
      const { json, seed, threads, workers } = contextOf(command);
      const out = required(options.out, '--out');
      const { benchmark } = options;
      const given = defined({
        ...options,
        ...readingOf(options),
        out,
        seed,
        threads,
        workers,
        space: options.space ?? (benchmark === undefined ? 'einspace' : benchmarkSpace(benchmark)),
        metric: required(options.metric ?? metricsOf(benchmark).metric, '--metric'),
      });
      const screenOptions = { ...given, ...(input === undefined ? {} : { input: await screenInput(input) }) };
      // The library checks what the words may be.
      const summary = await runScreen(screenOptions as unknown as ScreenOptions, {
        onProgress: showProgress,
        signal: interruptSignal(),
        command: commandLine(),
      });
      if (json) return printJson(summary);
      const best = (await readTop(out)).slice(0, shown);
      await print(
        formatTable(
          ['score', 'std', 'architecture'],
          best.map(({ score, std, arch, key }) => [score.toFixed(3), std.toFixed(3), shortened(arch ?? key)]),
        ),
      );
      report(summary);
      log.info(`the best, at most ${options.top}, are in ${out}/top.arrow`);
    });
}

export function report(summary: ScreenSummary): void {
  const { taken, distinct, full, rejected, truncated, seconds, recall, share } = summary;
  log.info(`${taken} architectures, ${distinct} distinct in their chunks, ${full} scored by ${summary.features}`);
  const draws = Object.values(rejected).reduce((sum, count) => sum + count, taken);
  for (const [reason, count] of Object.entries(rejected))
    log.info(`${count} draws (${percent(count / draws)}) passed the limit of ${reason}`);
  if (truncated > 0) log.warn(`${truncated} texts were longer than the limit and were cut`);
  const rates = Object.entries(seconds)
    .filter(([, spent]) => spent > 0)
    .map(([stage, spent]) => {
      const count = stage === 'sample' || stage === 'render' ? taken : stage === 'first' ? distinct : full;
      return `${stage} ${spent.toFixed(1)} s (${Math.round(count / spent)}/s)`;
    });
  log.info(`work of all workers: ${rates.join(', ')}`);
  if (!recall) return;
  const points = recall.first.points.map((point) => `${percent(point.recall)} at ${percent(point.share)}`);
  log.info(
    `the first stage (${summary.first}) keeps, of the best ${recall.first.best} of ${recall.first.rows} known architectures: ${points.join(', ')}; the last stage saw ${percent(share)}`,
  );
}

const percent = (part: number) => `${Number((100 * part).toPrecision(3))} %`;

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 120)}...` : line;
}

function shardOf(text: string): { index: number; of: number } {
  const found = /^(\d+)\/(\d+)$/.exec(text);
  const [index, of] = [Number(found?.[1]), Number(found?.[2])];
  if (!found || index < 1 || index > of)
    throw new InvalidArgumentError('Expected i/k with i from 1 to k, such as 2/8.');
  return { index, of };
}
