/** Small tokenizers that have every component once, and texts that tell them apart; their ids are in golden/components.json. */
import { added, tinyBpe, tinyWordPiece } from './tiny.js';

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0');
const spmMerges: readonly [string, string][] = [
  ['▁', '▁'],
  ['▁▁', '▁▁'],
  ['l', 'l'],
  ['h', 'e'],
  ['he', 'll'],
  ['hell', 'o'],
  ['▁', 'hello'],
  ['a', 'b'],
  ['b', 'c'],
  ['ab', 'c'],
  ['▁', 'a'],
  ['n', '▁'],
];

/** BPE of characters, as SentencePiece's models have it. */
export function tinySpm(changes: object = {}, model: object = {}) {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${hex(byte)}>`);
  const characters = [...'▁abcdehlno019.,é日'];
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...characters, ...spmMerges.map((pair) => pair.join(''))];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [added(0, '<unk>'), added(1, '<s>'), added(2, '</s>')],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: spmMerges,
      ...model,
    },
    ...changes,
  };
}

const metaspace = (prepend_scheme: string, split: boolean) =>
  tinySpm({ normalizer: null, pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme, split } });
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const split = (Regex: string, behavior = 'Isolated', invert = false) => ({
  type: 'Split',
  pattern: { Regex },
  behavior,
  invert,
});
const before = (...steps: object[]) =>
  tinyBpe({ pre_tokenizer: { type: 'Sequence', pretokenizers: [...steps, byteLevel] } });
const cased = (ending: string, digits: string) => {
  const letters = (repeated: string) =>
    `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]${repeated}${ending}`;
  const [first, second] = ['*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+', '+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*'].map(letters);
  return `${first}|${second}|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
};
const normalized = (...normalizers: object[]) => tinyBpe({ normalizer: { type: 'Sequence', normalizers } });
const bert = (strip_accents: boolean | null, lowercase: boolean) => ({
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents,
  lowercase,
});
const size = Object.keys(tinyBpe().model.vocab).length;

export const variants: Readonly<Record<string, object>> = {
  'spm, normalizer': tinySpm(),
  'spm, no prefix': tinySpm({ normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' } }),
  'spm, unknown fused': tinySpm({}, { byte_fallback: false }),
  'spm, unknown one by one': tinySpm({}, { byte_fallback: false, fuse_unk: false }),
  'spm, unknown left out': tinySpm({}, { byte_fallback: false, unk_token: null }),
  'spm, whole words': tinySpm({}, { ignore_merges: true }),
  'spm, normalized added tokens': tinySpm({
    added_tokens: [added(0, '<unk>', { normalized: true }), added(1, '<s>', { normalized: true }), added(2, '</s>')],
  }),
  'metaspace, always, split': metaspace('always', true),
  'metaspace, always': metaspace('always', false),
  'metaspace, first, split': metaspace('first', true),
  'metaspace, first': metaspace('first', false),
  'metaspace, never, split': metaspace('never', true),
  'prefix space': tinyBpe({
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  }),
  NFD: normalized({ type: 'NFD' }),
  NFC: normalized({ type: 'NFC' }),
  NFKC: normalized({ type: 'NFKC' }),
  NFKD: normalized({ type: 'NFKD' }),
  'NFD, accents, case': normalized({ type: 'NFD' }, { type: 'StripAccents' }, { type: 'Lowercase' }),
  strip: normalized({ type: 'Strip', strip_left: true, strip_right: true }),
  'strip left': normalized({ type: 'Strip', strip_left: true, strip_right: false }),
  'replace by pattern': normalized({ type: 'Replace', pattern: { Regex: ' {2,}|[0-9]+' }, content: '_' }),
  'replace a text': normalized({ type: 'Replace', pattern: { String: 'll' }, content: 'LL' }),
  'BERT normalizer before BPE': normalized(bert(null, true)),
  'added tokens, normalized': tinyBpe({
    normalizer: { type: 'Lowercase' },
    added_tokens: [
      added(size, '<End>', { normalized: true }),
      added(size + 1, 'Word', { normalized: true, single_word: true, lstrip: true, rstrip: true }),
    ],
    post_processor: null,
  }),
  'digits together': before({ type: 'Digits', individual_digits: false }),
  punctuation: before({ type: 'Punctuation', behavior: 'MergedWithPrevious' }),
  whitespace: before({ type: 'Whitespace' }),
  'whitespace split': before({ type: 'WhitespaceSplit' }),
  delimiter: before({ type: 'CharDelimiterSplit', delimiter: '.' }),
  'split by a text': before({ type: 'Split', pattern: { String: '..' }, behavior: 'MergedWithNext', invert: false }),
  ...Object.fromEntries(
    ['Isolated', 'Removed', 'Contiguous', 'MergedWithPrevious', 'MergedWithNext'].flatMap((behavior) =>
      [false, true].map((invert) => [`split ${behavior} ${invert}`, before(split('[a-l\\d]', behavior, invert))]),
    ),
  ),
  'deepseek-coder': before(split('[\r\n]'), split('\\s?\\p{L}+'), split('\\s?\\p{P}+'), split('[一-龥ࠀ-一가-퟿]+'), {
    type: 'Digits',
    individual_digits: true,
  }),
  'letters by case': before(
    split(
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    ),
  ),
  tekken: before(split(cased('', '\\p{N}'))),
  'gpt-4o': before(split(cased("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", '\\p{N}{1,3}'), 'Removed', true)),
  'deepseek-v3': before(
    split('\\p{N}{1,3}'),
    split('[一-龥぀-ゟ゠-ヿ]+'),
    split(
      '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+',
    ),
  ),
  'ids with holes': tinyBpe(
    {
      post_processor: null,
      added_tokens: [added(size + 9, 'word'), added(size + 1, '<new>'), added(size + 2, '<newer>')],
    },
    { vocab: { ...tinyBpe().model.vocab, word: size + 9 } },
  ),
  'WordPiece, steps': tinyWordPiece({
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFD' }, { type: 'Lowercase' }, { type: 'StripAccents' }],
    },
  }),
  'WordPiece, accents kept': tinyWordPiece({ normalizer: bert(false, true) }),
  'WordPiece, normalized added token': tinyWordPiece({
    added_tokens: [added(0, '[UNK]'), added(1, '[CLS]'), added(2, '[SEP]'), added(16, 'Added', { normalized: true })],
  }),
  'RoBERTa around': tinyBpe({
    post_processor: {
      type: 'RobertaProcessing',
      sep: ['<mask>', size + 1],
      cls: ['<end>', size],
      trim_offsets: true,
      add_prefix_space: false,
    },
  }),
};

export const texts: readonly string[] = [
  '',
  ' ',
  'hello',
  ' hello  hello',
  'hello\nhello\r\n\r\n hello ',
  '<s>hello</s> abc<unk>a',
  'abcabc  abc    abc\tabc',
  'n a n  an',
  'héllo he\u0301llo ﬁ ½ ² Å İ ß',
  '日日本 한국 각 \u1112\u1161\u11ab ก็',
  '0190 1234567 0.9, 1,2..3...4',
  "don't DON'T we'LL Iſ 'ſ",
  'Word wOrd words <End> <END>word Word',
  'Added addEd [CLS] un-affable (hello)! unaffableaa',
  '\u{1f600}\u{1f600} \u{20000}x\u0000y\ufffd\u200b\u00a0z',
  '▁a ▁▁hello_▁',
  'AbcDEFghi ABC/def//\n\nGhi Ǆǅǆ ʰa',
  '... !?! «a» „b“ ‘c’ $a+b^c',
  '\u0301AB A\u0301B ABcǅ !\u0301a !!\u0301 ʰA Ab\u0301C //\n/',
  'x日本5日  日 ・ー゛ \u0001\u0002ab  5\u0001 a<new>word<newer>',
  'a'.repeat(70),
  `${'ab'.repeat(40)} ${'▁'.repeat(9)}${' '.repeat(9)}`,
];
