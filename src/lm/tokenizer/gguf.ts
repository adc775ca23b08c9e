/**
 * Reads the vocabulary of a GGUF file. The file names its pre-tokenizer with one word (`tokenizer.ggml.pre`), which is
 * followed to the letter: SmolLM's splits digits one by one before anything else, and the ids are others without that.
 */
import { byteFallback, byteLevel, fuse, replace, strip } from './decode.js';
import type { AddedToken, Bpe, Definition } from './definition.js';
import { countOf, flagOf, listOf, refuse, textOf } from './fields.js';
import type { Step } from './normalizer.js';
import { split } from './pre-tokenizer.js';
import { spmMerges } from './spm.js';
import type { GgufVocabulary } from './types.js';

interface Pre {
  readonly preTokenizer: readonly Step[];
  readonly ignoreMerges?: boolean;
  readonly normalizer?: readonly Step[];
  /** Whether texts start with the beginning-of-text token when the file does not say. */
  readonly addBos?: boolean;
}

const gpt2: Pre = { preTokenizer: [['gpt2']] };
const digitsAlone: Pre = { preTokenizer: [['digits-alone'], ['gpt2']] };
const llama3: Pre = { preTokenizer: [['llama3']], ignoreMerges: true, addBos: true };

const pres = new Map<string, Pre>([
  ['gpt-2', gpt2],
  ['mpt', gpt2],
  ['olmo', gpt2],
  ['phi-2', gpt2],
  ['jina-v2-code', gpt2],
  ['roberta-bpe', gpt2],
  ['smollm', digitsAlone],
  ['starcoder', digitsAlone],
  ['refact', digitsAlone],
  ['command-r', digitsAlone],
  ['codeshell', digitsAlone],
  ['llama-bpe', llama3],
  ['llama-v3', llama3],
  ['llama3', llama3],
  ['qwen2', { preTokenizer: [['qwen2']], normalizer: [['nfc']] }],
  [
    'deepseek-coder',
    {
      preTokenizer: [
        split('[\r\n]'),
        split('\\s?\\p{L}+'),
        split('\\s?\\p{P}+'),
        split('[一-龥ࠀ-一가-퟿]+'),
        ['digits-alone'],
      ],
    },
  ],
  ['deepseek-v3', { preTokenizer: [['deepseek-v3']] }],
]);

// Token types of the format: control tokens, in SentencePiece vocabularies also the unknown token, and those the model's author defined are looked for in the text.
const unknownType = 2;
const control = 3;
const userDefined = 4;

export function definitionFromGguf(metadata: GgufVocabulary): Definition {
  const key = (name: string) => `tokenizer.ggml.${name}`;
  const field = (name: string) => metadata[key(name)];
  const model = textOf(field('model'), key('model'));
  if (model !== 'gpt2' && model !== 'llama')
    throw refuse('gpt2 (byte-level BPE) or llama (SentencePiece BPE)', key('model'), model);

  const vocabulary = listOf(field('tokens'), key('tokens')).map((token, i) => textOf(token, `${key('tokens')}[${i}]`));
  if (new Set(vocabulary).size !== vocabulary.length) {
    const seen = new Set<string>();
    const twice = vocabulary.find((token) => seen.size === seen.add(token).size);
    throw refuse('distinct tokens', key('tokens'), `${twice} twice`);
  }
  const types = listOf(field('token_type'), key('token_type'));
  if (types.length !== vocabulary.length)
    throw refuse(`${vocabulary.length} elements`, key('token_type'), types.length);
  const isAdded = (type: unknown) =>
    type === control || type === userDefined || (model === 'llama' && type === unknownType);
  const added = vocabulary.flatMap((content, id): AddedToken[] =>
    isAdded(types[id])
      ? [
          {
            id,
            content,
            normalized: false,
            lstrip: false,
            rstrip: false,
            singleWord: false,
            special: types[id] !== userDefined,
          },
        ]
      : [],
  );
  const special = (which: string, fallback: boolean) => {
    if (!flagOf(field(`add_${which}_token`), key(`add_${which}_token`), fallback)) return [];
    const id = countOf(field(`${which}_token_id`), key(`${which}_token_id`));
    if (id >= vocabulary.length) throw refuse(`an id below ${vocabulary.length}`, key(`${which}_token_id`), id);
    return [id];
  };
  if (model === 'llama') {
    const prefix = flagOf(field('add_space_prefix'), key('add_space_prefix'), true);
    if (flagOf(field('remove_extra_whitespaces'), key('remove_extra_whitespaces'), false))
      throw refuse('false', key('remove_extra_whitespaces'), true);
    if (field('precompiled_charsmap') !== undefined) throw refuse('none', key('precompiled_charsmap'), 'one');
    return {
      vocabulary,
      model: spmBpe(vocabulary, types, listOf(field('scores'), key('scores'))),
      added,
      normalizer: [...(prefix ? [['prepend', '▁']] : []), ['replace', ' ', '▁']],
      preTokenizer: [],
      prefix: special('bos', true),
      suffix: special('eos', false),
      decoders: [replace('▁', ' '), byteFallback, fuse, ...(prefix ? [strip(' ', 1, 0)] : [])],
    };
  }
  const name = textOf(field('pre'), key('pre'));
  const pre = pres.get(name);
  if (!pre) throw refuse(`one of ${[...pres.keys()].join(', ')}`, key('pre'), name);
  const merges = listOf(field('merges'), key('merges')).map((merge, rank) => {
    const parts = textOf(merge, `${key('merges')}[${rank}]`).split(' ');
    if (parts.length !== 2) throw refuse('two tokens', `${key('merges')}[${rank}]`, merge);
    return parts as [string, string];
  });
  return {
    vocabulary,
    model: { type: 'bpe', merges, ignoreMerges: pre.ignoreMerges ?? false },
    added,
    normalizer: pre.normalizer ?? [],
    preTokenizer: pre.preTokenizer,
    prefix: special('bos', pre.addBos ?? false),
    suffix: special('eos', false),
    decoders: [byteLevel],
  };
}

function spmBpe(vocabulary: readonly string[], types: readonly unknown[], scores: readonly unknown[]): Bpe {
  const unknown = types.indexOf(unknownType);
  return {
    type: 'char-bpe',
    ...spmMerges(vocabulary, types, scores),
    ignoreMerges: false,
    byteFallback: true,
    ...(unknown >= 0 && { unknown: vocabulary[unknown]! }),
    fuseUnknown: true,
  };
}
