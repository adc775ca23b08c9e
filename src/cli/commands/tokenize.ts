/** `cole tokenize`: texts to token ids, one JSON line each. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { contextOf, examples } from '../context.js';
import { readField } from '../input.js';
import { printJson } from '../output.js';

/** Texts that go to the tokenizer in one call. */
const chunk = 1024;

export function addTokenize(program: CommandUnknownOpts): void {
  program
    .command('tokenize')
    .description('texts as token ids')
    .argument('[input]', 'JSON lines with text; - is standard input', '-')
    .addHelpText(
      'before',
      examples('cole sample -n 3 | cole render | cole tokenize', 'cole tokenize texts.jsonl --model ./tokenizer.json'),
    )
    .option('--model <name>', 'model in the store, or path of a tokenizer.json (default: the model of features code)')
    .option('--no-special-tokens', 'leave out what the tokenizer adds around a text')
    .action(async (input, options, command) => {
      const { codeDefaults, tokenizerOf } = await import('../../index.js');
      const tokenizer = await tokenizerOf(options.model ?? codeDefaults.model);
      const { threads } = contextOf(command);
      const encode = async (texts: readonly string[]) => {
        const { ids, offsets } = tokenizer.encode(texts, {
          addSpecialTokens: options.specialTokens,
          ...(threads === undefined ? {} : { threads }),
        });
        for (let i = 0; i < texts.length; i++) await printJson({ ids: [...ids.subarray(offsets[i], offsets[i + 1])] });
      };
      let texts: string[] = [];
      for await (const { text } of readField(input, 'text')) {
        texts.push(text);
        if (texts.length < chunk) continue;
        await encode(texts);
        texts = [];
      }
      await encode(texts);
    });
}
