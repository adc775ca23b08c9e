/** `cole cache`: the embeddings that are kept on disk. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { formatBytes } from '../../base/index.js';
import { contextOf, examples } from '../context.js';
import { formatTable, log, print, printJson } from '../output.js';

const folderOption = ['--cache <dir>', 'folder of the embedding cache (default: that of cole embed)'] as const;

export function addCache(program: CommandUnknownOpts): void {
  const cache = program
    .command('cache')
    .description('the embeddings that are kept on disk')
    .addHelpText('before', examples('cole cache list', 'cole cache clear', 'cole cache trim --cache-limit 2GB'));
  cache
    .command('list')
    .description('what is kept: of which model, pooling and precision, how much, used when')
    .option(...folderOption)
    .action(async (options, command) => {
      const { embeddingsFolder, listCache } = await import('../../index.js');
      const root = options.cache ?? embeddingsFolder();
      const entries = await listCache(root);
      if (contextOf(command).json) return printJson(entries);
      const rows = entries.map(({ identity, model, pooling, precision, files, bytes, lastUsed, isUsedByOthers }) => {
        return [identity, model, pooling, precision, files, formatBytes(bytes), lastUsed, isUsedByOthers ? 'open' : ''];
      });
      await print(
        formatTable(['identity', 'model', 'pooling', 'precision', 'files', 'size', 'last used', 'state'], rows),
      );
      log.info(`${formatBytes(entries.reduce((sum, { bytes }) => sum + bytes, 0))} in ${root}`);
    });
  cache
    .command('clear')
    .description('removes embeddings, but for those that another process has open')
    .argument('[identity]', 'of cole cache list; all of them without')
    .option(...folderOption)
    .action(async (identity, options, command) => {
      const { clearCache, embeddingsFolder } = await import('../../index.js');
      const { removed, kept } = await clearCache(options.cache ?? embeddingsFolder(), identity);
      if (contextOf(command).json) return printJson({ removed, kept });
      log.info(`removed ${formatBytes(removed)}`);
      if (kept > 0) log.warn(`kept ${formatBytes(kept)} that another process has open`);
    });
  cache
    .command('trim')
    .description('removes what was unused for longest until the rest is below --cache-limit')
    .option(...folderOption)
    .action(async (options, command) => {
      const { defaultCacheLimit, embeddingsFolder, trimCache } = await import('../../index.js');
      const limit = defaultCacheLimit();
      const { removed, left } = await trimCache(options.cache ?? embeddingsFolder(), limit);
      if (contextOf(command).json) return printJson({ removed, left });
      log.info(`removed ${formatBytes(removed)}, ${formatBytes(left)} are left`);
      if (left > limit) log.warn('other processes have the rest open');
    });
}
