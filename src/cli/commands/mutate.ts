/** `cole mutate`: random mutants of given architectures, or all their neighbours, as JSON lines. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { stream } from '../../base/index.js';
import { integer } from '../arguments.js';
import { contextOf, examples } from '../context.js';
import { parseArch, parseAt, readArchs } from '../input.js';
import { printJson } from '../output.js';

export function addMutate(program: CommandUnknownOpts): void {
  program
    .command('mutate')
    .description('random mutants of given architectures, or all their neighbours')
    .argument('[input]', 'architectures, one a line or JSON lines with arch; - is standard input', '-')
    .addHelpText('before', examples('cole sample -n 3 | cole mutate -n 2', 'cole mutate --neighbours archs.jsonl'))
    .option('--space <name>', 'search space', 'nas-bench-201')
    .option('-n, --count <n>', 'mutants of each architecture, one edit away', integer(1), 1)
    .option('--neighbours', 'all architectures one edit away, in a fixed order, instead of random ones')
    .action(async (input, options, command) => {
      const { space } = await import('../../index.js');
      const chosen = space(options.space);
      const { seed } = contextOf(command);
      let line = 0;
      for await (const { text, where } of readArchs(input)) {
        const parent = parseAt(where, () => parseArch(chosen, text));
        const rng = stream('mutate', options.space, seed, line++);
        const mutants = options.neighbours
          ? chosen.neighbours(parent)
          : Array.from({ length: options.count }, () => chosen.mutate(parent, rng));
        for (const arch of mutants)
          await printJson({ key: chosen.key(arch), arch: chosen.print(arch), parent: chosen.key(parent) });
      }
    });
}
