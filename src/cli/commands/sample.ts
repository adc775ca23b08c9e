/** `cole sample`: random architectures of a space, as JSON lines. */
import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { ColeError, stream } from '../../base/index.js';
import { integer } from '../arguments.js';
import { contextOf, examples } from '../context.js';
import { log, printJson } from '../output.js';

/** Draws in a row that bring nothing new before a space is taken to be exhausted. */
const patience = 100_000;

export function addSample(program: CommandUnknownOpts): void {
  program
    .command('sample')
    .description('random architectures of a space')
    .addHelpText(
      'before',
      examples(
        'cole sample -n 5',
        'cole sample -n 1000 --unique > archs.jsonl',
        'cole sample --space einspace:1x8x8,maxParameters=200000 -n 100',
      ),
    )
    .option('--space <name>', 'search space, with its settings and limits, such as einspace:1x8x8', 'nas-bench-201')
    .option('-n, --count <n>', 'how many', integer(1), 1)
    .addOption(
      new Option('--all', 'every architecture of the space in a fixed order, not a sample').conflicts([
        'count',
        'unique',
      ]),
    )
    .addOption(
      new Option('--unique [by]', 'no two with the same key (default), or no two isomorphic ones')
        .choices(['key', 'canonical'])
        .preset('key'),
    )
    .action(async (options, command) => {
      const { space } = await import('../../index.js');
      const chosen = space(options.space);
      const rowOf = (arch: unknown) => ({
        key: chosen.key(arch),
        arch: chosen.print(arch),
        canonicalKey: chosen.canonicalKey(arch),
      });
      if (options.all) {
        if (!chosen.enumerate)
          throw new ColeError('ERR_OPTION', `expected a space that can be listed for --all, got ${chosen.name}`);
        for (const arch of chosen.enumerate()) await printJson(rowOf(arch));
        return;
      }
      const rng = stream('sample', options.space, contextOf(command).seed);
      const identity = options.unique && ({ key: 'key', canonical: 'canonicalKey' } as const)[options.unique];
      const seen = new Set<string>();
      const rejected: Record<string, number> = {};
      for (let n = 0, misses = 0; n < options.count; ) {
        const row = rowOf(
          chosen.sample(rng, (reason) => {
            rejected[reason] = (rejected[reason] ?? 0) + 1;
          }),
        );
        if (identity) {
          if (seen.has(row[identity])) {
            if (++misses < patience) continue;
            throw new ColeError(
              'ERR_OPTION',
              `expected ${options.count} architectures with different ${identity} from ${chosen.name}, which seems to have only ${seen.size}`,
            );
          }
          seen.add(row[identity]);
        }
        misses = 0;
        n++;
        await printJson(row);
      }
      for (const [reason, count] of Object.entries(rejected)) log.info(`${count} draws passed the limit of ${reason}`);
    });
}
