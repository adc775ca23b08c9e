/** `cole bench`: runs the benchmark of one stage in a process of its own and passes its flags on. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { ColeError, packageFile, unknownName } from '../../base/index.js';
import { contextOf, examples } from '../context.js';
import { Exit } from '../exit.js';

export function addBench(program: CommandUnknownOpts): void {
  program
    .command('bench')
    .description('throughput of one stage on this machine')
    .argument('<stage>', 'tokenize, embed, head, heads, pool, features, sample, cache, soak or cascade')
    .argument('[flags...]', 'flags of the stage; after --, those that cole has too, such as --threads 1,2')
    .addHelpText(
      'before',
      examples('cole bench tokenize', 'cole bench head --peers', 'cole bench embed --peers --json'),
    )
    .option('--peers', 'measure other libraries beside ours, where they are installed')
    .allowUnknownOption()
    .action(async (stage, flags, options, command) => {
      const file = packageFile('dist', 'bench', `${stage}.js`);
      if (!/^[a-z-]+$/.test(stage) || !existsSync(file)) throw unknownName('stage', stage, stages());
      const { json, threads } = contextOf(command);
      const passed = [
        ...flags,
        ...(options.peers ? ['--peers'] : []),
        ...(json ? ['--json'] : []),
        ...(threads === undefined ? [] : ['--threads', String(threads)]),
      ];
      const child = spawn(process.execPath, [file, ...passed], { stdio: 'inherit' });
      const code = await new Promise<number>((resolve, reject) => {
        child.on('error', (cause) =>
          reject(new ColeError('ERR_IO', `could not start ${file}: ${cause.message}`, { cause })),
        );
        child.on('close', (status, signal) => resolve(status ?? (signal === 'SIGINT' ? 130 : 1)));
      });
      if (code !== 0) throw new Exit(code);
    });
}

/** Every file of bench/ is a stage; what stages share lies in bench/parts. */
function stages(): string[] {
  const folder = packageFile('dist', 'bench');
  if (!existsSync(folder))
    throw new ColeError(
      'ERR_OPTION',
      `expected compiled benchmarks in ${folder}, got none; compile them with: npm run build`,
    );
  return readdirSync(folder).flatMap((name) => (name.endsWith('.js') ? [name.slice(0, -'.js'.length)] : []));
}
