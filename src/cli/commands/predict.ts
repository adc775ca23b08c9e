/** `cole predict`: scores of a fitted head, a JSON line or an Arrow row for each embedding, in the order of the file. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { ColeError } from '../../base/index.js';
import { contextOf, examples, required } from '../context.js';
import { readBytes, writeOut } from '../files.js';
import { fileToHead, identityOf } from '../head.js';
import { log, printJson } from '../output.js';

export function addPredict(program: CommandUnknownOpts): void {
  program
    .command('predict')
    .description('scores from a fitted head')
    .addHelpText(
      'before',
      examples(
        'cole predict --head head.arrow --embeddings e.arrow > scores.jsonl',
        'cole predict --head head.arrow --embeddings e.arrow --out scores.arrow',
      ),
    )
    .option('--head <file>', 'head that cole fit wrote')
    .option('--embeddings <file>', 'Arrow file that cole embed wrote, made as those of the head were')
    .option('--column <name>', 'column of the embeddings, where the file has those of several poolings')
    .option('--out <file>', 'Arrow file of key, mean and std instead of JSON lines; - for standard output')
    .action(async (options, command) => {
      const { columnsToFile, fileToEmbeddings } = await import('../../index.js');
      const headPath = required(options.head, '--head');
      const path = required(options.embeddings, '--embeddings');
      const { json, threads } = contextOf(command);
      const head = await fileToHead(headPath, await readBytes(headPath), threads);
      const { keys, rows, metadata } = fileToEmbeddings(path, await readBytes(path), options.column);
      const identity = identityOf(metadata);
      if (identity !== head.identity)
        throw new ColeError(
          'ERR_INPUT',
          `expected embeddings made like those of ${headPath}, ${head.identity}, got ${identity} in ${path}`,
        );
      const { mean, std } = head.fitted.predict(rows);
      if (options.out !== undefined) {
        await writeOut(options.out, columnsToFile({ key: keys, mean, std }, { metric: head.metric }));
        if (options.out === '-') return;
        if (json) await printJson({ scores: options.out, rows: keys.length });
        else log.info(`${keys.length} scores are in ${options.out}`);
        return;
      }
      for (const [i, key] of keys.entries()) await printJson({ key, mean: mean[i], std: std[i] });
    });
}
