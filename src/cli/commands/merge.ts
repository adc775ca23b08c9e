/** `cole merge`: the shards of one screen as one run directory. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { commandLine, contextOf, examples, required } from '../context.js';
import { log, printJson } from '../output.js';
import { report } from './screen.js';

export function addMerge(program: CommandUnknownOpts): void {
  program
    .command('merge')
    .description('put the shards of one screen together')
    .argument('<runs...>', 'run directories of all shards')
    .addHelpText('before', examples('cole merge shard-1 shard-2 shard-3 shard-4 --out screen'))
    .option('--out <dir>', 'run directory to write')
    .action(async (runs, options, command) => {
      const { mergeScreens } = await import('../../index.js');
      const out = required(options.out, '--out');
      const summary = await mergeScreens(runs, out, commandLine());
      if (contextOf(command).json) return printJson(summary);
      report(summary);
      log.info(`${runs.length} ${runs.length === 1 ? 'shard is' : 'shards are'} merged in ${out}`);
    });
}
