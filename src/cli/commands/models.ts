/** `cole models`: the store of language models. */
import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { ColeError } from '../../base/index.js';
import type { ModelEntry, QuantizedPrecision } from '../../index.js';
import { contextOf, examples } from '../context.js';
import { formatTable, log, print, printJson } from '../output.js';

export function addModels(program: CommandUnknownOpts): void {
  const models = program
    .command('models')
    .description('the store of language models')
    .addHelpText(
      'before',
      examples(
        'cole models list',
        'cole models pull smollm2-135m',
        'cole models pull smollm2-135m --precision int8',
        'cole models show Qwen/Qwen2.5-Coder-0.5B',
        'cole models pull Qwen/Qwen2.5-Coder-0.5B@main --name qwen',
        'cole models add ./my-model.gguf --name mine',
      ),
    );
  models
    .command('list')
    .description('models that are there or can be pulled, with size, license and sha256')
    .action(async (_, command) => {
      const { hubNames, listModels } = await import('../../index.js');
      const entries = await listModels();
      if (contextOf(command).json) return printJson(entries);
      const rows = entries.map(({ name, present, bytes, license, sha256, description, precisions }) => {
        const state = present ? precisionsText(precisions) : 'not pulled';
        return [name, state, megabytes(bytes), license, sha256.slice(0, 12), description];
      });
      await print(formatTable(['name', 'state', 'size', 'license', 'sha256', 'what'], rows));
      log.info(`short names of models of the Hugging Face hub: ${Object.keys(hubNames).join(', ')}`);
    });
  models
    .command('show')
    .description(
      'all that is known of one model; asks the hub for the licence, size and sha256 of one that is not here',
    )
    .argument('<name>', 'name in the store, a short name, or owner/name[@revision] of the Hugging Face hub')
    .option('--file <path>', 'which file of the repository holds the weights (GGUF or ONNX)')
    .option('--offline', 'never touch the network')
    .action(async (name, options, command) => {
      const { describeModel } = await import('../../index.js');
      await show(await describeModel(name, options), contextOf(command).json);
    });
  models
    .command('pull')
    .description('download a model and convert it, once; a pull that was cut off goes on where it stopped')
    .argument('<names...>', 'built-in or short names, or owner/name[@revision] of the Hugging Face hub')
    .option('--name <name>', 'name in the store of a model of the hub (default: the last part of its id)')
    .option('--file <path>', 'which file of the repository holds the weights (GGUF or ONNX)')
    .option('--offline', 'never touch the network: a model that is absent is an error')
    .addOption(precisionOption())
    .option(
      '--force',
      'pull a model that is larger than the memory here; keep a precision whose vectors are too far from those of float32',
    )
    .addHelpText(
      'after',
      '\nHF_ENDPOINT names another hub than huggingface.co; HF_TOKEN opens private and gated models.',
    )
    .action(async (names, { name: as, precision, force, ...options }, command) => {
      if (as !== undefined && names.length > 1)
        throw new ColeError('ERR_OPTION', `expected one model for --name ${as}, got ${names.length}`);
      const { pullModel } = await import('../../index.js');
      for (const name of names) {
        let isNew = false;
        let tenths = 0;
        const entry = await pullModel(name, {
          ...options,
          ...(force === undefined ? {} : { force }),
          ...(as === undefined ? {} : { as }),
          onStep: (text) => {
            isNew = true;
            log.info(`${name}: ${text}`);
          },
          onBytes: (done, total) => {
            if (Math.floor((10 * done) / total) === tenths) return;
            tenths = Math.floor((10 * done) / total);
            log.info(`${name}: ${megabytes(done)} of ${megabytes(total)}`);
          },
        });
        if (!isNew) log.info(`${name}: already there`);
        await show(await withPrecision(entry, { precision, force }, command), contextOf(command).json);
      }
    });
  models
    .command('add')
    .description(
      'convert a model from disk: a GGUF or ONNX file, or a folder with config.json, safetensors and tokenizer.json',
    )
    .argument('<path>')
    .option('--name <name>', 'name in the store (default: that of the file or folder)')
    .addOption(precisionOption())
    .option('--force', 'keep a precision whose vectors are too far from those of float32')
    .action(async (path, { name, ...options }, command) => {
      const { addModel } = await import('../../index.js');
      const entry = await addModel(path, name);
      await show(await withPrecision(entry, options, command), contextOf(command).json);
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

function precisionOption() {
  return new Option('--precision <name>', 'make its weights in this precision too, and measure its agreement').choices([
    'int8',
    'int4',
  ] as const);
}

async function withPrecision(
  entry: ModelEntry,
  { precision, force }: { precision?: QuantizedPrecision | undefined; force?: boolean | undefined },
  command: CommandUnknownOpts,
): Promise<ModelEntry> {
  if (precision === undefined) return entry;
  const { addPrecision, coreBudget } = await import('../../index.js');
  const { languageModelThreads } = coreBudget({ tasks: 1, threads: contextOf(command).threads });
  return addPrecision(entry.name, precision, {
    force: force ?? false,
    threads: languageModelThreads,
    onStep: (text) => log.info(`${entry.name}: ${text}`),
  });
}

/** float32, and the others each with its median centred cosine. */
function precisionsText(precisions: ModelEntry['precisions'] = {}): string {
  const others = Object.entries(precisions).map(([name, { agreement }]) => `${name} (${agreement.median.toFixed(4)})`);
  return ['float32', ...others].join(', ');
}

function show(entry: ModelEntry, json: boolean): Promise<void> {
  if (json) return printJson(entry);
  return print(
    formatTable(
      ['what', 'value'],
      Object.entries(entry).flatMap(([name, value]) =>
        name === 'precisions' ? precisionRows(entry) : [[name, String(value)]],
      ),
    ),
  );
}

function precisionRows({ precisions = {} }: ModelEntry): string[][] {
  return Object.entries(precisions).flatMap(([name, { bytes, agreement }]) => [
    [
      name,
      `${megabytes(bytes)}; cosine to float32, centred: median ${agreement.median.toFixed(4)}, worst ${agreement.worst.toFixed(4)}`,
    ],
    ...Object.entries(agreement.groups).map(([group, { texts, median, worst }]) => {
      return ['', `${texts} texts of ${group}: median ${median.toFixed(4)}, worst ${worst.toFixed(4)}`];
    }),
  ]);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
