/** `cole tokenize`: texts to token ids, as JSON lines or as an Arrow file. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { KeyedTokens } from '../../index.js';
import { contextOf, examples } from '../context.js';
import { writeOutPieces } from '../files.js';
import { readField } from '../input.js';
import { log, printJson } from '../output.js';

/** Texts that go to the tokenizer in one call, and rows of a record batch. */
const chunk = 1024;

export function addTokenize(program: CommandUnknownOpts): void {
  program
    .command('tokenize')
    .description('texts as token ids')
    .argument('[input]', 'JSON lines with text; - is standard input', '-')
    .addHelpText(
      'before',
      examples(
        'cole sample -n 3 | cole render | cole tokenize',
        'cole tokenize texts.jsonl --model ./tokenizer.json',
        'cole tokenize texts.jsonl --out tokens.arrow',
      ),
    )
    .option('--model <name>', 'model in the store, or path of a tokenizer.json (default: the model of features code)')
    .option('--no-special-tokens', 'leave out what the tokenizer adds around a text')
    .option('--out <file>', 'Arrow file of key and ids instead of JSON lines, - for standard output')
    .action(async (input, options, command) => {
      const { codeDefaults, tokensToFile, tokenizerOf } = await import('../../index.js');
      const { out } = options;
      const { json, threads } = contextOf(command);
      const tokenizer = await tokenizerOf(options.model ?? codeDefaults.model);
      const encode = (texts: readonly string[]) =>
        tokenizer.encode(texts, {
          addSpecialTokens: options.specialTokens,
          ...(threads === undefined ? {} : { threads }),
        });
      if (out === undefined) {
        for await (const part of parts(input)) {
          const { ids, offsets } = encode(part.map(({ text }) => text));
          for (const [at, { key }] of part.entries())
            await printJson({
              ...(key !== undefined && { key }),
              ids: [...ids.subarray(offsets[at], offsets[at + 1])],
            });
        }
        return;
      }
      let rows = 0;
      const batches = async function* (): AsyncGenerator<KeyedTokens> {
        for await (const part of parts(input)) {
          rows += part.length;
          yield { keys: part.map(({ key, where }) => key ?? where), ...encode(part.map(({ text }) => text)) };
        }
      };
      await writeOutPieces(out, tokensToFile(batches(), { tokenizer: tokenizer.identity }));
      if (out === '-') return;
      if (json) await printJson({ tokens: out, rows });
      else log.info(`token ids of ${rows} texts are in ${out}`);
    });
}

interface Named {
  readonly key: string | undefined;
  readonly text: string;
  readonly where: string;
}

async function* parts(input: string): AsyncGenerator<Named[]> {
  let part: Named[] = [];
  for await (const { text, where, row } of readField(input, 'text')) {
    const key = [row.key, row.arch].find((name) => typeof name === 'string');
    part.push({ key, text, where });
    if (part.length < chunk) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
