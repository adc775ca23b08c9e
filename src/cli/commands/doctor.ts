/** `cole doctor`: what this machine has of what cole needs; each fault with the one command that mends it. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { contextOf, examples } from '../context.js';
import { diagnose } from '../diagnosis.js';
import { Exit } from '../exit.js';
import { formatTable, log, print, printJson } from '../output.js';

export function addDoctor(program: CommandUnknownOpts): void {
  program
    .command('doctor')
    .description('check what this machine has of what cole needs')
    .addHelpText('before', examples('cole doctor', 'cole doctor --json'))
    .action(async (_, command) => {
      const checks = await diagnose();
      if (contextOf(command).json) await printJson(checks);
      else {
        await print(
          formatTable(
            ['', 'state', 'found'],
            checks.map(({ name, state, found }) => [name, state, found]),
          ),
        );
        for (const { name, state, remedy } of checks)
          if (remedy && state !== 'ok') log.info(`${name}${state === 'optional' ? ' (optional)' : ''}: ${remedy}`);
      }
      if (checks.some(({ state }) => state === 'fault')) throw new Exit(1);
    });
}
