/** `cole embed`: texts, architectures or a folder of `.py` files to vectors, in an Arrow file or as JSON lines. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { MultiEmbedderOptions, Pooling } from '../../index.js';
import { integer } from '../arguments.js';
import { contextOf, defined, examples, required } from '../context.js';
import { announce, embedAll, printPlan, printVectors, reportOn, tokenCounts, vectorsFile } from '../embedding.js';
import { writeOut } from '../files.js';
import { parseArch } from '../input.js';
import { limitOptions, readingOf, readingOptions } from '../reading.js';
import { givenTexts, readTexts } from '../texts.js';

export function addEmbed(program: CommandUnknownOpts): void {
  program
    .command('embed')
    .description('texts, architectures or a folder of .py files as vectors')
    .argument(
      '[input]',
      'JSON lines with text, architectures (one a line or JSON lines with arch), or a folder; - is standard input',
      '-',
    )
    .addHelpText(
      'before',
      examples(
        'cole sample -n 100 --unique | cole embed --out e.arrow',
        'cole embed networks/ --model all-minilm-l6-v2 --out e.arrow',
        'cole embed archs.jsonl --plan',
        'cole embed archs.jsonl --pool mean,avg_avg,last_token --out e.arrow',
        'cole embed texts.jsonl --json --on-long chunk',
      ),
    )
    .option('--out <file>', 'Arrow file, - for standard output; not needed with --json')
    .addOption(readingOptions.model())
    .addOption(readingOptions.poolings())
    .addOption(readingOptions.precision())
    .addOption(readingOptions.embeddingLayer())
    .addOption(readingOptions.specialTokens())
    .addOption(readingOptions.echo())
    .addOption(limitOptions.maxTokens())
    .addOption(limitOptions.onLong())
    .option('--plan', 'say how many tokens it would read, how long that takes and how much memory, and stop', false)
    .option('--batch-tokens <n>', 'bound on the tokens of one run of the model, which bounds memory', integer(1))
    .option('--cache <dir>', 'folder of the embedding cache, none for no cache')
    .option('--space <name>', 'search space of architectures', 'nas-bench-201')
    .option(
      '--style <name>',
      'form of the text of architectures, see cole render --styles (default: that of features code)',
    )
    .action(async (input, options, command) => {
      const { codeDefaults, coreBudget, createMultiEmbedder, defaultStyle, renderer, space, tokenizerOf } =
        await import('../../index.js');
      const { json, ...context } = contextOf(command);
      const threads = coreBudget({ tasks: 1, threads: context.threads }).languageModelThreads;
      const out = json || options.plan ? options.out : required(options.out, '--out, --json or --plan');
      const chosen = space(options.space);
      const { render, identity } = renderer(options.space, options.style ?? defaultStyle(options.space));
      let rendered = 0;
      const texts = await readTexts(input, {
        renderArch: (printed) => {
          const arch = parseArch(chosen, printed);
          rendered++;
          return { key: chosen.key(arch), text: render(arch) };
        },
      });
      const model = options.model ?? codeDefaults.model;
      const poolings = (options.pooling ?? codeDefaults.pooling).split(',').map((name) => name.trim());
      const settings = defined({
        precision: 'float32',
        onLong: 'error',
        ...defined({ ...readingOf(options), pooling: undefined }),
        model,
        poolings,
        batchTokens: options.batchTokens,
        cache: options.cache === 'none' ? null : options.cache,
        threads,
      });
      // The library checks what the words may be.
      const embedder = await createMultiEmbedder(
        settings as Partial<MultiEmbedderOptions> & { model: string; poolings: readonly Pooling[] },
      );
      try {
        if (options.plan) return await printPlan(embedder, texts, json);
        const counts = tokenCounts(await tokenizerOf(model), texts, threads);
        if (options.onLong !== 'truncate') announce(counts);
        const columns = await embedAll(embedder, texts, counts, settings.cache !== null);
        if (out !== undefined) {
          // One text and another must be told apart from an architecture and its text: heads compare this.
          const source = rendered === texts.length ? identity : givenTexts;
          const { threads: _, cache: __, batchTokens: ___, ...told } = settings;
          await writeOut(out, await vectorsFile(embedder, texts, columns, { text: source }, told));
        }
        if (json && out !== '-') await printVectors(embedder, texts, columns, counts);
        reportOn(embedder, texts.length);
      } finally {
        await embedder.close();
      }
    });
}
