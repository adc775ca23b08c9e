/**
 * Reads the vocabulary of a GGUF file. The file names its pre-tokenizer with one word (`tokenizer.ggml.pre`), which is
 * followed to the letter: SmolLM's splits digits one by one before anything else, and the ids are others without that.
 */
import { byteFallback, byteLevel, fuse, replace, strip, wordPiece } from './decode.js';
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
const llama3: Pre = { preTokenizer: [['llama3']] };
const llama3Words: Pre = { ...llama3, ignoreMerges: true, addBos: true };
const gpt4o: Pre = { preTokenizer: [['gpt-4o']] };
const deepseekCoder: Pre = {
  preTokenizer: [
    split('[\r\n]'),
    split('\\s?\\p{L}+'),
    split('\\s?\\p{P}+'),
    split('[一-龥ࠀ-一가-퟿]+'),
    ['digits-alone'],
  ],
};
const falcon: Pre = {
  preTokenizer: [split('[\\p{P}$+<=>^~|`]+'), ['gpt2'], split('[0-9][0-9][0-9]')],
};

/** The names of llama.cpp's list (src/llama-vocab.cpp) whose patterns are followed here; the others are refused. */
const pres = new Map<string, Pre>([
  ...['gpt-2', 'mpt', 'olmo', 'phi-2', 'jina-v1-en', 'jina-v2-code', 'jina-v2-es', 'jina-v2-de'].map(named(gpt2)),
  ...['jina-es', 'jina-de', 'roberta-bpe', 'gigachat', 'jais', 'mellum', 'exaone4', 'trillion'].map(named(gpt2)),
  ['modern-bert', { ...gpt2, normalizer: [['nfc']] }],
  ...['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'].map(named(digitsAlone)),
  ...['llama-bpe', 'llama-v3', 'llama3'].map(named(llama3Words)),
  ...['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'].map(named(llama3)),
  ['qwen2', { preTokenizer: [['qwen2']], normalizer: [['nfc']] }],
  ['stablelm2', { preTokenizer: [['qwen2']] }],
  ['tekken', { preTokenizer: [['tekken']], ignoreMerges: true, addBos: true }],
  ...['gpt-4o', 'llama4'].map(named(gpt4o)),
  ['falcon', falcon],
  ['deepseek-coder', deepseekCoder],
  ['deepseek-v3', { preTokenizer: [['deepseek-v3']] }],
]);

function named(pre: Pre): (name: string) => [string, Pre] {
  return (name) => [name, pre];
}

// Token types of the format: control tokens, in SentencePiece vocabularies also the unknown token, and those the model's author defined are looked for in the text.
const unknownType = 2;
const control = 3;
const userDefined = 4;

export function definitionFromGguf(metadata: GgufVocabulary): Definition {
  const key = (name: string) => `tokenizer.ggml.${name}`;
  const field = (name: string) => metadata[key(name)];
  const model = textOf(field('model'), key('model'));
  if (model !== 'gpt2' && model !== 'llama' && model !== 'bert')
    throw refuse('gpt2 (byte-level BPE), llama (SentencePiece BPE) or bert (WordPiece)', key('model'), model);

  const written = listOf(field('tokens'), key('tokens')).map((token, i) => textOf(token, `${key('tokens')}[${i}]`));
  const types = listOf(field('token_type'), key('token_type'));
  if (types.length !== written.length) throw refuse(`${written.length} elements`, key('token_type'), types.length);
  const vocabulary = model === 'bert' ? wordPieces(written, types) : written;
  if (new Set(vocabulary).size !== vocabulary.length) {
    const seen = new Set<string>();
    const twice = vocabulary.find((token) => seen.size === seen.add(token).size);
    throw refuse('distinct tokens', key('tokens'), `${twice} twice`);
  }
  const isAdded = (type: unknown) =>
    type === control || type === userDefined || (model !== 'gpt2' && type === unknownType);
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
  const idOf = (name: string) => {
    const id = countOf(field(name), key(name));
    if (id >= vocabulary.length) throw refuse(`an id below ${vocabulary.length}`, key(name), id);
    return id;
  };
  const special = (which: string, fallback: boolean) =>
    flagOf(field(`add_${which}_token`), key(`add_${which}_token`), fallback) ? [idOf(`${which}_token_id`)] : [];
  if (model === 'bert') {
    return {
      vocabulary,
      model: {
        type: 'wordpiece',
        unknown: vocabulary[idOf('unknown_token_id')]!,
        continuingPrefix: '##',
        maxWordChars: 100,
      },
      added,
      normalizer: [['bert-clean'], ['bert-chinese'], ['bert-strip-accents'], ['lowercase']],
      preTokenizer: [['bert']],
      prefix: [idOf(field('cls_token_id') === undefined ? 'bos_token_id' : 'cls_token_id')],
      // So spelled in the format.
      suffix: [idOf('seperator_token_id')],
      decoders: [wordPiece('##', true)],
    };
  }
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

/**
 * BERT's vocabulary as it was before conversion: `▁` marks the starts of words there, and what continues one is bare. The
 * file does not say whether texts are lower-cased; those of lower-case vocabularies are.
 */
function wordPieces(tokens: readonly string[], types: readonly unknown[]): string[] {
  return tokens.map((token, id) => {
    if (types[id] === control || types[id] === unknownType) return token;
    if (/[A-Z]/.test(token) && !/^\[.*\]$/.test(token))
      throw refuse('a lower-case vocabulary', `tokenizer.ggml.tokens[${id}]`, token);
    return token.startsWith('▁') ? token.slice(1) : `##${token}`;
  });
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
