/** `cole models`: the store of language models. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ModelEntry } from '../../index.js';
import { contextOf, examples } from '../context.js';
import { formatTable, log, print, printJson } from '../output.js';

export function addModels(program: CommandUnknownOpts): void {
  const models = program
    .command('models')
    .description('the store of language models')
    .addHelpText(
      'before',
      examples('cole models list', 'cole models pull smollm2-135m', 'cole models add ./my-model.gguf --name mine'),
    );
  models
    .command('list')
    .description('models that are there or can be pulled, with size, license and sha256')
    .action(async (_, command) => {
      const { listModels } = await import('../../index.js');
      const entries = await listModels();
      if (contextOf(command).json) return printJson(entries);
      const rows = entries.map(({ name, present, bytes, license, sha256, description }) => {
        return [name, present ? 'present' : 'not pulled', megabytes(bytes), license, sha256.slice(0, 12), description];
      });
      await print(formatTable(['name', 'state', 'size', 'license', 'sha256', 'what'], rows));
    });
  models
    .command('show')
    .description('all that is known of one model')
    .argument('<name>')
    .action(async (name, _, command) => {
      const { showModel } = await import('../../index.js');
      await show(await showModel(name), contextOf(command).json);
    });
  models
    .command('pull')
    .description('download a model and convert it, once')
    .argument('<names...>')
    .option('--offline', 'never touch the network: a model that is absent is an error')
    .action(async (names, options, command) => {
      const { pullModel, showModel } = await import('../../index.js');
      for (const name of names) {
        const known = await showModel(name);
        if (!known.present)
          log.info(`${name}: ${known.source}, ${megabytes(known.bytes)}, ${known.license}, sha256 ${known.sha256}`);
        const entry = await pullModel(name, {
          onStep: (text) => log.info(`${name}: ${text}`),
          ...(options.offline ? { offline: true } : {}),
        });
        if (known.present) log.info(`${name}: already there`);
        await show(entry, contextOf(command).json);
      }
    });
  models
    .command('add')
    .description('convert a model from disk: a GGUF file, or a folder with config.json, safetensors and tokenizer.json')
    .argument('<path>')
    .option('--name <name>', 'name in the store (default: that of the file or folder)')
    .action(async (path, options, command) => {
      const { addModel } = await import('../../index.js');
      await show(await addModel(path, options.name), contextOf(command).json);
    });
  models
    .command('remove')
    .description('delete a model from the store')
    .argument('<name>')
    .action(async (name, _, command) => {
      const { removeModel } = await import('../../index.js');
      await removeModel(name);
      if (contextOf(command).json) await printJson({ removed: name });
      else log.info(`${name}: removed`);
    });
}

function show(entry: ModelEntry, json: boolean): Promise<void> {
  if (json) return printJson(entry);
  return print(
    formatTable(
      ['what', 'value'],
      Object.entries(entry).map(([name, value]) => [name, String(value)]),
    ),
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
