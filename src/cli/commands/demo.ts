/**
 * `cole demo`: the main job on the embedded benchmark. Code embeddings with and without n-grams compete with n-grams alone,
 * path encoding and random search; all start from the same architectures. Stop it anywhere: the next start goes on.
 */
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { RunSearchOptions, SearchSummary } from '../../index.js';
import { integer } from '../arguments.js';
import { embedded } from '../benchmark.js';
import { commandLine, contextOf, examples } from '../context.js';
import { log, print, printJson } from '../output.js';
import { showProgress } from '../progress.js';
import { interruptSignal } from '../signals.js';
import { summaryTable } from '../summary.js';

/** Directory of the run -> what sets it apart. */
const methods: Readonly<Record<string, Pick<RunSearchOptions, 'strategy' | 'features'>>> = {
  code: { strategy: 'bananas', features: 'code' },
  'code+ngrams': { strategy: 'bananas', features: 'code+ngrams' },
  ngrams: { strategy: 'bananas', features: 'ngrams' },
  path: { strategy: 'bananas', features: 'path' },
  random: { strategy: 'random' },
};

export function addDemo(program: CommandUnknownOpts): void {
  program
    .command('demo')
    .description('the whole job on the embedded benchmark: searches with several features, then a report')
    .addHelpText('before', examples('cole demo', 'cole demo --out runs/other --seed 1'))
    .option('--out <dir>', 'run directories and report', join('runs', 'demo'))
    .option('--trials <n>', 'independent repetitions of each method', integer(1), 10)
    .option('--budget <n>', 'evaluations of a trial', integer(1), 100)
    .option('--model <name>', 'language model of the code embeddings (default: that of features code)')
    .action(async (options, command) => {
      const { compareRuns, runSearch, writeReport } = await import('../../index.js');
      const { json, ...context } = contextOf(command);
      const summaries: SearchSummary[] = [];
      const started = performance.now();
      log.info(
        `${Object.keys(methods).length} methods on ${embedded.name}, ${options.trials} trials of ${options.budget} evaluations each`,
      );
      for (const [name, method] of Object.entries(methods)) {
        const began = performance.now();
        const summary = await runSearch(
          {
            ...method,
            ...(options.model && method.features?.split('+').includes('code') ? { model: options.model } : {}),
            ...context,
            benchmark: embedded.name,
            metric: embedded.metric,
            testMetric: embedded.testMetric,
            trials: options.trials,
            budget: options.budget,
            out: join(options.out, name),
          },
          {
            onProgress: (event) => showProgress({ ...event, stage: name }),
            signal: interruptSignal(),
            command: commandLine(),
          },
        );
        summaries.push(summary);
        log.info(`${summary.method}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
      }
      const runs = Object.keys(methods).map((name) => join(options.out, name));
      const report = join(options.out, 'report.html');
      await writeReport({ runs, out: report, reductions: compareRuns });
      const seconds = (performance.now() - started) / 1000;
      if (json) return printJson({ report, seconds, summaries });
      await print(summaryTable(summaries));
      log.info(`\n${seconds.toFixed(0)} s; the report lies at ${report}`);
    });
}
