/** `cole fit`: a head from embeddings and a table of values. */
import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { ColeError, kendallTauB, stream } from '../../base/index.js';
import type { Embeddings, SurrogateChoice, Table } from '../../index.js';
import { integer, number, share } from '../arguments.js';
import { embedded, metricsOf, tableHelp } from '../benchmark.js';
import { contextOf, defined, examples, required } from '../context.js';
import { readBytes, writeOut } from '../files.js';
import { headHelp, headToFile, identityOf, rowsOf } from '../head.js';
import { parseAt } from '../input.js';
import { formatTable, log, print, printJson } from '../output.js';

interface KnownRow {
  readonly row: number;
  readonly value: number;
  readonly companion: number;
}

export function addFit(program: CommandUnknownOpts): void {
  program
    .command('fit')
    .description('fit a head on embeddings and a table')
    .addHelpText(
      'before',
      examples(
        'cole fit --embeddings e.arrow --table accuracies.csv --metric test_accuracy --out head.arrow',
        'cole fit --embeddings e.arrow --table accuracies.csv --metric test_accuracy --held-out 0.2 --out head.arrow',
        'cole fit --embeddings e.arrow --benchmark einspace-digits --head gp --out head.arrow',
      ),
    )
    .option('--embeddings <file>', 'Arrow file that cole embed wrote; its keys are architectures')
    .option('--column <name>', 'column of the embeddings, where the file has those of several poolings')
    .addOption(new Option('--table <file>', tableHelp).conflicts('benchmark'))
    .option('--benchmark <name>', 'table that is part of cole')
    .option('--metric <column>', `column that the head learns (default for benchmarks: ${embedded.metric})`)
    .option(
      '--companion <column>',
      'of mlp: column that the head learns beside it and never predicts, such as the loss',
    )
    .option('--space <name>', 'search space of the architectures (default: that of the benchmark, else nas-bench-201)')
    .option('--out <file>', 'head file, - for standard output')
    .option('--head <name>', headHelp, 'mlp')
    .option('--preset <name>', 'settings of the head, which the others go over', 'cole')
    .option('--loss <name>', 'of mlp: mse or hinge, which ranks but does not predict values')
    .option('--standardize <name>', 'what is done to the vectors first: none, center, zscore or l2')
    .option('--pca <n>', 'principal components that the head sees, 0 for the vectors as they are', integer(0))
    .option('--whiten <epsilon>', 'divide each component by the root of its variance plus this', number)
    .option('--layers <n>', 'vectors in each row, with pooling multi_layer; they share their components', integer(1))
    .option('--ensemble <n>', 'members of the head, where it is an ensemble', integer(1))
    .option('--epochs <n>', 'of mlp: passes over the rows', integer(0))
    .option('--held-out <share>', 'share of the rows that is kept from the fit and judges it', share, 0)
    .action(async (options, command) => {
      const { benchmarkSpace, createSurrogate, fileToEmbeddings, openBenchmark, openTable, space } = await import(
        '../../index.js'
      );
      const { seed, threads, json } = contextOf(command);
      const path = required(options.embeddings, '--embeddings');
      const { benchmark } = options;
      const metric = required(options.metric ?? metricsOf(benchmark).metric, '--metric');
      const out = required(options.out, '--out');
      const chosen = space(options.space ?? (benchmark === undefined ? 'nas-bench-201' : benchmarkSpace(benchmark)));
      const table =
        benchmark === undefined
          ? await openTable(required(options.table, '--table'), chosen)
          : await openBenchmark(benchmark, chosen);
      const embeddings = fileToEmbeddings(path, await readBytes(path), options.column);
      const known = knownRows(embeddings, path, table, [metric, options.companion ?? metric], (key) =>
        chosen.print(chosen.parse(key)),
      );
      const judged = stream('fit', seed)
        .shuffle(known)
        .slice(0, Math.round(options.heldOut * known.length));
      const held = new Set(judged);
      const train = known.filter((each) => !held.has(each));

      const choice = {
        head: options.head,
        preset: options.preset,
        loss: options.loss,
        standardize: options.standardize,
        components: options.pca,
        whiten: options.whiten,
        layers: options.layers,
        members: options.ensemble,
        epochs: options.epochs,
        threads,
      };
      const began = performance.now();
      const x = rowsOf(
        embeddings.rows,
        train.map(({ row }) => row),
      );
      const y = Float64Array.from(train, ({ value }) => value);
      const companion = options.companion ? Float64Array.from(train, (each) => each.companion) : undefined;
      // The library checks what the words may be.
      const fitted = createSurrogate(defined(choice) as SurrogateChoice).fit(x, y, seed, companion);
      const seconds = (performance.now() - began) / 1000;

      await writeOut(out, await headToFile({ fitted, metric, identity: identityOf(embeddings.metadata) }));
      const tau = (rows: readonly KnownRow[]) => {
        const { mean } = fitted.predict(
          rowsOf(
            embeddings.rows,
            rows.map(({ row }) => row),
          ),
        );
        return kendallTauB(
          mean,
          rows.map(({ value }) => value),
        );
      };
      const statistics = {
        rows: train.length,
        missing: embeddings.keys.length - known.length,
        seconds,
        tau: tau(train),
        ...(judged.length > 1 ? { heldOutRows: judged.length, heldOutTau: tau(judged) } : {}),
      };
      // A head on standard output leaves no room for figures there.
      if (out === '-') log.info(JSON.stringify(statistics));
      else if (json) await printJson({ head: out, ...statistics });
      else {
        const shown = Object.entries(statistics).map(([name, value]) => [name, Number(value.toPrecision(4))] as const);
        await print(formatTable(['statistic', 'value'], shown));
      }
    });
}

/** Rows of the embeddings that the table knows; those that it does not are counted aloud. */
function knownRows(
  embeddings: Embeddings,
  path: string,
  table: Table,
  [metric, companion]: readonly [string, string],
  canonical: (key: string) => string,
): KnownRow[] {
  const value = table.metric(metric);
  const besideValue = table.metric(companion);
  const known = embeddings.keys.flatMap((key, row) => {
    const arch = parseAt(`row ${row} of ${path}`, () => canonical(key));
    const found = value(arch);
    const beside = besideValue(arch);
    return found === undefined || beside === undefined ? [] : [{ row, value: found, companion: beside }];
  });
  const total = embeddings.keys.length;
  if (known.length === 0)
    throw new ColeError(
      'ERR_INPUT',
      `expected architectures of ${table.name} in ${path}, got none in its ${total} rows`,
    );
  if (known.length < total)
    log.warn(`${total - known.length} of ${total} rows of ${path} have no ${metric} in ${table.name} and are left out`);
  return known;
}
