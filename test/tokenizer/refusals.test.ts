/** What is not followed exactly is refused by name; wrong buffers never reach the tables. */
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '#cole/lm/index.js';
import { native } from '#cole/native/index.js';
import { merges, tinyBpe, tinyWordPiece } from './tiny.js';

const load = (file: object) => loadTokenizer({ json: new TextEncoder().encode(JSON.stringify(file)) });
const byteLevel = tinyBpe().pre_tokenizer;
const vocabulary = tinyBpe().model.vocab as Record<string, number>;

describe('a tokenizer.json', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown model', tinyBpe({}, { type: 'Unigram' }), /model\.type .*Unigram/],
    ['an unknown normalizer', tinyBpe({ normalizer: { type: 'Nmt' } }), /normalizer .*Nmt/],
    ['an unknown pre-tokenizer', tinyBpe({ pre_tokenizer: { type: 'Words' } }), /pre_tokenizer .*Words/],
    [
      'steps after ByteLevel',
      tinyBpe({ pre_tokenizer: { type: 'Sequence', pretokenizers: [byteLevel, byteLevel] } }),
      /ByteLevel as the last step/,
    ],
    ['ByteLevel before WordPiece', tinyWordPiece({ pre_tokenizer: byteLevel }), /BPE beside ByteLevel/],
    [
      'a behavior of no kind',
      tinyBpe({ pre_tokenizer: { type: 'Punctuation', behavior: 'Other' } }),
      /behavior .*Other/,
    ],
    ...['(a+)+', 'a*?', '^a', '(?<=a)b', '[[a]b]', '\\p{Greek}', 'a{2', '(a', '.'].map(
      (Regex): [string, object, RegExp] => [
        `the pattern ${Regex}`,
        tinyBpe({ pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false } }),
        /expected .* of the pattern /,
      ],
    ),
    ['an unknown post-processor', tinyBpe({ post_processor: { type: 'Other' } }), /post_processor .*Other/],
    ['dropout', tinyBpe({}, { dropout: 0.1 }), /model\.dropout/],
    ['a prefix of pieces', tinyBpe({}, { continuing_subword_prefix: '##' }), /continuing_subword_prefix/],
    ['a merge twice', tinyBpe({}, { merges: [...merges, merges[0]] }), /merge 13 .*a a/],
    ['a merge of no tokens', tinyBpe({}, { merges: [['zz', 'a']] }), /merge 0 .*zz a/],
    ['a merge into no token', tinyBpe({}, { merges: [['z', 'a']] }), /merge 0 .*z a/],
    ['a merge of three', tinyBpe({}, { merges: ['a b c'] }), /merges\[0\]/],
    ['an id far away', tinyBpe({}, { vocab: { ...vocabulary, new: 2 ** 24 } }), /ids below .*new: 16777216/],
    ['one id for two tokens', tinyBpe({}, { vocab: { ...vocabulary, new: 7 } }), /one token per id/],
    ['a fraction for an id', tinyBpe({}, { vocab: { ...vocabulary, new: 0.5 } }), /integer .*new/],
    ['an added token with a wrong id', tinyBpe({ added_tokens: [{ id: 3, content: '<new>' }] }), /<new>.*got 3/],
    ['an unknown token that is none', tinyWordPiece({}, { unk_token: '<unk>' }), /unknown token .*<unk>/],
    ['no vocabulary', tinyBpe({}, { vocab: null }), /model\.vocab/],
    ['a list', [], /tokenizer\.json/],
  ])('with %s', (_, file, message) => {
    expect(() => load(file)).toThrow(
      expect.objectContaining({ code: 'ERR_VOCAB', message: expect.stringMatching(message) }),
    );
  });

  it('that is no JSON, or cut short', () => {
    const whole = new TextEncoder().encode(JSON.stringify(tinyBpe()));
    for (const json of [new Uint8Array([0xff]), new Uint8Array(0), whole.slice(0, -2)])
      expect(() => loadTokenizer({ json })).toThrow(expect.objectContaining({ code: 'ERR_VOCAB' }));
  });
});

describe('a GGUF vocabulary', () => {
  const good = {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'smollm',
    'tokenizer.ggml.tokens': ['a', 'b', 'ab', '<end>'],
    'tokenizer.ggml.token_type': [1, 1, 1, 3],
    'tokenizer.ggml.merges': ['a b'],
    'tokenizer.ggml.bos_token_id': 3,
  };

  it('is followed', () => {
    const tokenizer = loadTokenizer({ gguf: good });
    expect([...tokenizer.encode(['ab<end>ba']).ids]).toEqual([2, 3, 1, 0]);
    const withStart = loadTokenizer({ gguf: { ...good, 'tokenizer.ggml.add_bos_token': true } });
    expect([...withStart.encode(['ab']).ids]).toEqual([3, 2]);
  });

  it.each<[string, object, RegExp]>([
    ['model', { 'tokenizer.ggml.model': 't5' }, /tokenizer\.ggml\.model .*t5/],
    ['case', { 'tokenizer.ggml.model': 'bert', 'tokenizer.ggml.tokens': ['A', 'b', 'ab', '<end>'] }, /lower-case .*A/],
    ['scores', { 'tokenizer.ggml.model': 'llama', 'tokenizer.ggml.scores': [1] }, /scores/],
    ['pre-tokenizer', { 'tokenizer.ggml.pre': 'bloom' }, /tokenizer\.ggml\.pre .*bloom/],
    ['tokens', { 'tokenizer.ggml.tokens': ['a', 'b', 'ab', 'a'] }, /distinct .*a twice/],
    ['types', { 'tokenizer.ggml.token_type': [1] }, /token_type/],
    ['merges', { 'tokenizer.ggml.merges': undefined }, /merges/],
    ['start', { 'tokenizer.ggml.add_bos_token': true, 'tokenizer.ggml.bos_token_id': 4 }, /bos_token_id/],
  ])('with a wrong %s is refused', (_, change, message) => {
    expect(() => loadTokenizer({ gguf: { ...good, ...change } })).toThrow(
      expect.objectContaining({ code: 'ERR_VOCAB', message: expect.stringMatching(message) }),
    );
  });
});

describe('the addon', () => {
  const spec = {
    model: 'bpe',
    tokenBytes: new TextEncoder().encode('abab'),
    tokenOffsets: Int32Array.of(0, 1, 2, 4),
    addedBytes: new Uint8Array(0),
    addedOffsets: Int32Array.of(0),
    addedIds: new Int32Array(0),
    addedFlags: new Uint8Array(0),
    normalizer: [],
    preTokenizer: [['gpt2']],
    prefix: new Int32Array(0),
    suffix: new Int32Array(0),
    merges: Int32Array.of(0, 1, 2),
    mergeRanks: new Int32Array(0),
    byteIds: new Int32Array(0),
    fuseUnknown: false,
    ignoreMerges: false,
    continuingPrefix: '',
    unknownId: -1,
    maxWordChars: 0,
  } as const;
  const { Tokenizer } = native();
  const tokenizer = new Tokenizer(spec);
  const utf8 = new TextEncoder().encode('aé');

  it.each<[string, object, string]>([
    ['merges out of the vocabulary', { merges: Int32Array.of(0, 1, 3) }, 'ERR_VOCAB'],
    ['a broken merge', { merges: Int32Array.of(0, 1) }, 'ERR_SHAPE'],
    ['falling offsets', { tokenOffsets: Int32Array.of(0, 2, 1, 4) }, 'ERR_SHAPE'],
    ['no offsets', { tokenOffsets: new Int32Array(0) }, 'ERR_SHAPE'],
    ['a negative special id', { prefix: Int32Array.of(-1) }, 'ERR_VOCAB'],
    ['an unknown pre-tokenizer', { preTokenizer: [['other']] }, 'ERR_VOCAB'],
    ['a step without its arguments', { normalizer: [['replace', 'a']] }, 'ERR_VOCAB'],
    ['an unknown model', { model: 'unigram' }, 'ERR_VOCAB'],
    ['ranks out of range', { mergeRanks: Int32Array.of(1) }, 'ERR_VOCAB'],
    ['too few bytes', { byteIds: Int32Array.of(1) }, 'ERR_SHAPE'],
    ['ids of another type', { addedIds: [] }, 'ERR_OPTION'],
  ])('refuses %s', (_, change, code) => {
    expect(() => new Tokenizer({ ...spec, ...change })).toThrow(expect.objectContaining({ code }));
  });

  it('refuses offsets that fall or leave the buffer', () => {
    for (const offsets of [[0, 4], [2, 1], [-1, 2], []])
      expect(() => tokenizer.encodeBatch(utf8, Int32Array.from(offsets), true, 1)).toThrow(
        expect.objectContaining({ code: 'ERR_SHAPE' }),
      );
  });

  it('reads buffers that overlap', () => {
    // The text is the bytes of its own offsets, [0, 3]: three times NUL, which the vocabulary below has.
    const offsets = Int32Array.of(0, 3);
    const nul = new Tokenizer({
      ...spec,
      tokenBytes: Uint8Array.of(0x61, 0x62, 0x61, 0x62, 0),
      tokenOffsets: Int32Array.of(0, 1, 2, 4, 5),
    });
    expect([...nul.encodeBatch(new Uint8Array(offsets.buffer), offsets, true, 1).ids]).toEqual([3, 3, 3]);
  });

  it('refuses arrays of another type, and those whose memory is gone', () => {
    const detached = Int32Array.of(0, 1);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const call = tokenizer.encodeBatch.bind(tokenizer) as (...args: unknown[]) => unknown;
    for (const offsets of [Float64Array.of(0, 1), Uint32Array.of(0, 1), BigInt64Array.of(0n, 1n), [0, 1], 'ab', null])
      expect(() => call(utf8, offsets, true, 1)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    for (const text of [new Int8Array(2), new Uint16Array(2), Uint8ClampedArray.of(97, 97), 'aa', utf8.buffer])
      expect(() => call(text, Int32Array.of(0, 1), true, 1)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    expect(() => call(utf8, detached, true, 1)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }),
    );
  });

  it('lives with empty tokens and with a merge that comes twice', () => {
    const change = { tokenOffsets: Int32Array.of(0, 1, 2, 4, 4), merges: Int32Array.of(0, 1, 2, 0, 1, 2) };
    const { ids } = new Tokenizer({ ...spec, ...change }).encodeBatch(utf8.slice(0, 1), Int32Array.of(0, 1), true, 1);
    expect([...ids]).toEqual([0]);
  });

  it.each([
    [[0x80]],
    [[0xc3]],
    [[0xc0, 0x80]],
    [[0xed, 0xa0, 0x80]],
    [[0xf4, 0x90, 0x80, 0x80]],
    [[0xe2, 0x82]],
    [[0xff]],
  ])('refuses the bytes %j, which are not UTF-8', (bytes) => {
    const text = Uint8Array.from([...new Array(9).fill(0x61), ...bytes]);
    expect(() => tokenizer.encodeBatch(text, Int32Array.of(0, 0, text.length), true, 2)).toThrow(
      expect.objectContaining({ code: 'ERR_INPUT', message: expect.stringMatching(/text 1, .*at offset 9/) }),
    );
    expect([...tokenizer.encodeBatch(utf8, Int32Array.of(0, 1), true, 1).ids]).toEqual([0]);
  });
});
