/** `cole embed`: texts, architectures or a folder of `.py` files to vectors, in an Arrow file or as JSON lines. */
import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { ColeError, type Matrix, matrix, type OnProgress } from '../../base/index.js';
import type { Embedder, EmbedderOptions, Tokenizer } from '../../index.js';
import { integer } from '../arguments.js';
import { contextOf, defined, examples, required } from '../context.js';
import { writeOut } from '../files.js';
import { log, printJson } from '../output.js';
import { showProgress } from '../progress.js';
import { interruptSignal } from '../signals.js';
import { type KeyedText, readTexts } from '../texts.js';

/** Texts that are planned together: a language model that shares prefixes finds the more of them, the more texts there are. */
const chunk = 16_384;

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
        'cole embed texts.jsonl --json --on-long truncate',
      ),
    )
    .option('--out <file>', 'Arrow file, - for standard output; not needed with --json')
    .option('--model <name>', 'language model, see cole models list (default: that of features code)')
    .option(
      '--pooling <mode>',
      'mean, last_token, avg_avg, mid, multi_layer or layer:K (default: that of features code)',
    )
    .option('--no-embedding-layer', 'leave the embedding layer out of avg_avg')
    .option('--max-tokens <n>', 'longest text, special tokens included', integer(1))
    .addOption(
      new Option('--on-long <what>', 'what to do with longer texts')
        .choices(['error', 'truncate'])
        .default('error' as const),
    )
    .option('--batch-tokens <n>', 'bound on the tokens of one run of the model, which bounds memory', integer(1))
    .option('--cache <dir>', 'folder of the embedding cache, none for no cache')
    .option('--space <name>', 'search space of architectures', 'nas-bench-201')
    .option(
      '--style <name>',
      'form of the text of architectures, see cole render --styles (default: that of features code)',
    )
    .action(async (input, options, command) => {
      const { codeDefaults, coreBudget, createEmbedder, defaultStyle, embeddingsToFile, renderer, space, tokenizerOf } =
        await import('../../index.js');
      const { json, ...context } = contextOf(command);
      const threads = coreBudget({ tasks: 1, threads: context.threads }).languageModelThreads;
      const out = json ? options.out : required(options.out, '--out or --json');
      const chosen = space(options.space);
      const { render, identity } = renderer(options.space, options.style ?? defaultStyle(options.space));
      let rendered = 0;
      const texts = await readTexts(input, {
        renderArch: (printed) => {
          const arch = chosen.parse(printed);
          rendered++;
          return { key: chosen.key(arch), text: render(arch) };
        },
      });
      const model = options.model ?? codeDefaults.model;
      const settings = defined({
        model,
        pooling: options.pooling ?? codeDefaults.pooling,
        embeddingLayer: options.embeddingLayer,
        maxTokens: options.maxTokens,
        onLong: options.onLong,
        batchTokens: options.batchTokens,
        cache: options.cache === 'none' ? null : options.cache,
        threads,
      });
      // The library checks what the words may be.
      const embedder = await createEmbedder(settings as Partial<EmbedderOptions> & { model: string });
      try {
        const counts = tokenCounts(await tokenizerOf(model), texts, threads);
        const rows = await embedAll(embedder, texts, counts);
        if (out !== undefined) {
          // One text and another must be told apart from an architecture and its text: heads compare this.
          const source = rendered === texts.length ? identity : 'given texts';
          const metadata = { embedder: embedder.identity, text: source };
          await writeOut(out, embeddingsToFile({ keys: texts.map(({ key }) => key), rows, metadata }));
        }
        if (json && out !== '-')
          for (const [i, { key }] of texts.entries()) {
            const vector = rows.data.subarray(i * rows.cols, (i + 1) * rows.cols);
            await printJson({ key, embedding: [...vector], tokens: counts[i] });
          }
        const { embedded, cached, truncated, tokens, computed, modelSeconds } = embedder.stats;
        log.info(
          `${texts.length} texts: ${embedded} embedded (${tokens} tokens, ${modelSeconds.toFixed(1)} s), ${cached} from the cache`,
        );
        if (computed < tokens)
          log.info(`shared beginnings: ${(tokens / computed).toFixed(2)} times fewer tokens computed than read`);
        if (truncated > 0) log.warn(`${truncated} texts were longer than the limit and were cut`);
      } finally {
        await embedder.close();
      }
    });
}

async function embedAll(embedder: Embedder, texts: readonly KeyedText[], counts: readonly number[]): Promise<Matrix> {
  const signal = interruptSignal();
  const rows = matrix(texts.length, embedder.dimension);
  const total = counts.reduce((sum, count) => sum + count, 0);
  let done = 0;
  for (let from = 0; from < texts.length; from += chunk) {
    signal.throwIfAborted();
    const part = texts.slice(from, from + chunk);
    // Ctrl-C is looked at after each run of the model; what is finished stays in the embedding cache.
    const onProgress: OnProgress = (event) => {
      showProgress({ ...event, done: done + event.done, total });
      signal.throwIfAborted();
    };
    const vectors = await embedder
      .embed(
        part.map(({ text }) => text),
        onProgress,
      )
      .catch((error) => {
        throw nameText(error, part, counts.slice(from, from + chunk));
      });
    rows.data.set(vectors.data, from * embedder.dimension);
    done += counts.slice(from, from + chunk).reduce((sum, count) => sum + count, 0);
    showProgress({ stage: 'embed', done, total, unit: 'tokens' });
  }
  return rows;
}

/** The embedder counts texts; whoever wrote them knows them by their place. */
function nameText(error: unknown, texts: readonly KeyedText[], counts: readonly number[]): unknown {
  if (!(error instanceof ColeError) || error.code !== 'ERR_LENGTH') return error;
  const longest = counts.indexOf(Math.max(...counts));
  const { key, where } = texts[longest]!;
  const message = `${error.message}; the longest one, ${key} (${where}), has ${counts[longest]} tokens, and --on-long truncate cuts it`;
  return new ColeError('ERR_LENGTH', message, { cause: error });
}

/** Tokens of each text before any cut, special ones included. */
function tokenCounts(tokenizer: Tokenizer, texts: readonly KeyedText[], threads: number): number[] {
  const { offsets } = tokenizer.encode(
    texts.map(({ text }) => text),
    { threads },
  );
  return texts.map((_, i) => offsets[i + 1]! - offsets[i]!);
}
