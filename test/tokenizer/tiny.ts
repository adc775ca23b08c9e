/** Small but complete tokenizer.json files. */

/** The letter that stands for a byte in byte-level vocabularies. */
function letter(byte: number): string {
  const printable = (b: number) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  if (printable(byte)) return String.fromCharCode(byte);
  let spare = 0x100;
  for (let b = 0; b < byte; b++) if (!printable(b)) spare++;
  return String.fromCharCode(spare);
}
export const letters = Array.from({ length: 256 }, (_, byte) => letter(byte));

const space = letters[0x20]!;
export const merges: readonly [string, string][] = [
  ['a', 'a'],
  ['a', 'b'],
  ['aa', 'aa'],
  ['l', 'l'],
  ['e', 'll'],
  ['h', 'ell'],
  ['hell', 'o'],
  [space, 'hello'],
  [letters[0xc3]!, letters[0xa9]!],
  ['ab', 'c'],
  ['b', 'c'],
  ['a', 'bc'],
  ['0', '1'],
];

export const added = (id: number, content: string, flags: object = {}) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
  ...flags,
});

/** The last merge makes a token that is there already: "abc" has two derivations. */
export function tinyBpe(changes: object = {}, model: object = {}) {
  const tokens = [...new Set([...letters, ...merges.map(([left, right]) => left + right)])];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      added(tokens.length, '<end>'),
      added(tokens.length + 1, '<mask>', { lstrip: true, rstrip: true }),
      added(tokens.length + 2, 'word', { single_word: true, normalized: true }),
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '<end>', type_id: 0 } }],
      pair: [],
      special_tokens: { '<end>': { id: '<end>', ids: [tokens.length], tokens: ['<end>'] } },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
      ...model,
    },
    ...changes,
  };
}

export function tinyWordPiece(changes: object = {}, model: object = {}) {
  const tokens = [
    '[UNK]',
    '[CLS]',
    '[SEP]',
    'a',
    '##a',
    'un',
    '##aff',
    '##able',
    'hello',
    '(',
    ')',
    'e',
    '##e',
    '日',
    'ss',
    '##ss',
  ];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [added(0, '[UNK]'), added(1, '[CLS]'), added(2, '[SEP]')],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 2], cls: ['[CLS]', 1] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 20,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      ...model,
    },
    ...changes,
  };
}
