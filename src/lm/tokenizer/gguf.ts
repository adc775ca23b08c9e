/**
 * Reads the vocabulary of a GGUF file. The file names its pre-tokenizer with one word (`tokenizer.ggml.pre`), which is
 * followed to the letter: SmolLM's splits digits one by one before anything else, and the ids are others without that.
 */
import type { AddedToken, Definition } from './definition.js';
import { countOf, flagOf, listOf, refuse, textOf } from './fields.js';
import type { GgufVocabulary } from './types.js';

interface Pre {
  readonly preTokenizer: string;
  readonly ignoreMerges?: boolean;
  readonly normalizer?: readonly string[];
  /** Whether texts start with the beginning-of-text token when the file does not say. */
  readonly addBos?: boolean;
}

const pres = new Map<string, Pre>([
  ['gpt-2', { preTokenizer: 'gpt2' }],
  ['smollm', { preTokenizer: 'digits-alone, gpt2' }],
  ['starcoder', { preTokenizer: 'digits-alone, gpt2' }],
  ['llama-bpe', { preTokenizer: 'llama3', ignoreMerges: true, addBos: true }],
  ['qwen2', { preTokenizer: 'qwen2', normalizer: ['nfc'] }],
]);

// Token types of the format: control tokens and those the model's author defined are looked for in the text.
const control = 3;
const userDefined = 4;

export function definitionFromGguf(metadata: GgufVocabulary): Definition {
  const key = (name: string) => `tokenizer.ggml.${name}`;
  const field = (name: string) => metadata[key(name)];
  const model = textOf(field('model'), key('model'));
  if (model !== 'gpt2') throw refuse('gpt2 (byte-level BPE)', key('model'), model);
  const name = textOf(field('pre'), key('pre'));
  const pre = pres.get(name);
  if (!pre) throw refuse(`one of ${[...pres.keys()].join(', ')}`, key('pre'), name);

  const vocabulary = listOf(field('tokens'), key('tokens')).map((token, i) => textOf(token, `${key('tokens')}[${i}]`));
  if (new Set(vocabulary).size !== vocabulary.length) {
    const seen = new Set<string>();
    const twice = vocabulary.find((token) => seen.size === seen.add(token).size);
    throw refuse('distinct tokens', key('tokens'), `${twice} twice`);
  }
  const types = listOf(field('token_type'), key('token_type'));
  if (types.length !== vocabulary.length)
    throw refuse(`${vocabulary.length} elements`, key('token_type'), types.length);
  const merges = listOf(field('merges'), key('merges')).map((merge, rank) => {
    const parts = textOf(merge, `${key('merges')}[${rank}]`).split(' ');
    if (parts.length !== 2) throw refuse('two tokens', `${key('merges')}[${rank}]`, merge);
    return parts as [string, string];
  });
  const added = vocabulary.flatMap((content, id): AddedToken[] =>
    types[id] === control || types[id] === userDefined
      ? [{ id, content, normalized: false, lstrip: false, rstrip: false, singleWord: false }]
      : [],
  );
  const special = (which: string, fallback: boolean) => {
    if (!flagOf(field(`add_${which}_token`), key(`add_${which}_token`), fallback)) return [];
    const id = countOf(field(`${which}_token_id`), key(`${which}_token_id`));
    if (id >= vocabulary.length) throw refuse(`an id below ${vocabulary.length}`, key(`${which}_token_id`), id);
    return [id];
  };
  return {
    vocabulary,
    model: { type: 'bpe', merges, ignoreMerges: pre.ignoreMerges ?? false },
    added,
    normalizer: pre.normalizer ?? [],
    preTokenizer: pre.preTokenizer,
    prefix: special('bos', pre.addBos ?? false),
    suffix: special('eos', false),
  };
}
