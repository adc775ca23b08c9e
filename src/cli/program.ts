/** All commands and the options that every one of them takes. */
import { readFileSync } from 'node:fs';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { packageFile } from '../base/index.js';
import { integer, seedNumber, size } from './arguments.js';
import { addBench } from './commands/bench.js';
import { addCache } from './commands/cache.js';
import { addDemo } from './commands/demo.js';
import { addDoctor } from './commands/doctor.js';
import { addEmbed } from './commands/embed.js';
import { addFit } from './commands/fit.js';
import { addMerge } from './commands/merge.js';
import { addModels } from './commands/models.js';
import { addMutate } from './commands/mutate.js';
import { addPredict } from './commands/predict.js';
import { addRender } from './commands/render.js';
import { addReport } from './commands/report.js';
import { addSample } from './commands/sample.js';
import { addScreen } from './commands/screen.js';
import { addSearch } from './commands/search.js';
import { addStudy } from './commands/study.js';
import { addTokenize } from './commands/tokenize.js';
import { examples } from './context.js';
import { Exit } from './exit.js';
import { formatTable, print, printJson } from './output.js';
import { applySettings, describeSettings } from './settings.js';

const commands = [
  addDemo,
  addDoctor,
  addModels,
  addSample,
  addMutate,
  addRender,
  addTokenize,
  addEmbed,
  addCache,
  addFit,
  addPredict,
  addSearch,
  addScreen,
  addMerge,
  addStudy,
  addReport,
  addBench,
];

export function buildProgram(): CommandUnknownOpts {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  const program = new Command('cole')
    .description('Predicts how well a neural architecture will do before anyone trains it, from its source text.')
    .version(version)
    .option('--json', 'print JSON: one document, or JSON lines where rows stream')
    .option('--seed <n>', 'the same seed gives the same result', seedNumber, 0)
    .option(
      '--threads <n>',
      'threads of native code and of the language model; never changes a result',
      integer(1, 1024),
    )
    .option('--workers <n>', 'worker threads that share independent tasks; never changes a result', integer(1, 1024))
    .option('--cache-limit <size>', 'bound of the embedding cache on disk, such as 2GB (default: 20GB)', size)
    .option('--config <file>', 'settings instead of ./cole.config.{yaml,json}')
    .option('--print-config', 'show what every option is set to and by what, and do nothing')
    .configureHelp({ showGlobalOptions: true })
    // Subcommands take over what is configured here, so it stands before they are added.
    .exitOverride()
    .addHelpText('before', examples('cole demo', 'cole sample -n 3 | cole render -', 'cole search --help'))
    .addHelpText(
      'after',
      '\nAn option that no flag sets is read from the environment (--max-tokens: COLE_MAX_TOKENS), then from\n' +
        './cole.config.yaml or .json. Exit codes: 0 done, 1 the work failed, 2 wrong usage or input,\n' +
        '130 interrupted after a checkpoint.',
    )
    .hook('preAction', async (_, command) => {
      applySettings(command);
      const { cacheLimit } = command.optsWithGlobals();
      // Every command that embeds, and each of its threads, shares one cache.
      if (cacheLimit !== undefined) process.env.COLE_CACHE_LIMIT = String(cacheLimit);
      if (!command.optsWithGlobals().printConfig) return;
      const settings = describeSettings(command);
      if (command.optsWithGlobals().json) await printJson(settings);
      else {
        const rows = settings.map(({ option, value, from }) => [option, JSON.stringify(value), from]);
        await print(formatTable(['option', 'value', 'from'], rows));
      }
      throw new Exit(0);
    });
  for (const add of commands) add(program);
  return program;
}
