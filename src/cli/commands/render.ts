/** `cole render`: architectures to the text that a language model reads, as JSON lines. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { contextOf, examples } from '../context.js';
import { parseArch, parseAt, readArchs } from '../input.js';
import { log, print, printJson } from '../output.js';

export function addRender(program: CommandUnknownOpts): void {
  program
    .command('render')
    .description('architectures as source text')
    .argument('[input]', 'architectures, one a line or JSON lines with arch; - is standard input', '-')
    .addHelpText(
      'before',
      examples(
        'cole sample -n 3 | cole render',
        'cole render archs.jsonl --style statements > texts.jsonl',
        'cole render --styles',
      ),
    )
    .option('--space <name>', 'search space', 'nas-bench-201')
    .option('--style <name>', 'form of the text, see --styles', 'nested')
    .option('--styles', 'list the styles of the space instead')
    .action(async (input, options, command) => {
      const { renderer, space, styles } = await import('../../index.js');
      if (options.styles) {
        const names = [...styles(options.space), 'arch'];
        return contextOf(command).json ? printJson(names) : print(names.join('\n'));
      }
      const chosen = space(options.space);
      const { render, identity } = renderer(options.space, options.style);
      let count = 0;
      for await (const { text, where } of readArchs(input)) {
        const arch = parseAt(where, () => parseArch(chosen, text));
        await printJson({ key: chosen.key(arch), arch: chosen.print(arch), text: render(arch) });
        count++;
      }
      log.info(`${count} rendered as ${identity}`);
    });
}
