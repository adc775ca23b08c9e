/** What a GGUF vocabulary says in one word, against the same tokenizer written out in a tokenizer.json. */
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '#cole/lm/index.js';
import { tinyBpe, tinyWordPiece } from './tiny.js';
import { texts, variants } from './variants.js';

interface Model {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (string | readonly string[])[];
}
const load = (file: object) => loadTokenizer({ json: new TextEncoder().encode(JSON.stringify(file)) });

/** The tokens of a byte-level tokenizer.json as its conversion has them. */
function ggufOf(pre: string) {
  const { vocab, merges } = tinyBpe().model as unknown as Model;
  // By id: keys that are numbers come first in an object.
  const tokens = Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!);
  return {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': pre,
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': tokens.map(() => 1),
    'tokenizer.ggml.merges': merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
    'tokenizer.ggml.add_bos_token': false,
  };
}

const splits = (...patterns: (string | object)[]) =>
  tinyBpe({
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        ...patterns.map((Regex) =>
          typeof Regex === 'string'
            ? { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }
            : Regex,
        ),
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
  });
const gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const llama3 = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

describe.each<[string, object]>([
  ['gpt-2', splits(gpt2)],
  ['starcoder', splits({ type: 'Digits', individual_digits: true }, gpt2)],
  ['dbrx', splits(llama3('\\p{N}{1,3}'))],
  ['stablelm2', splits(llama3('\\p{N}'))],
  ['falcon', splits('[\\p{P}$+<=>^~|`]+', gpt2, '[0-9][0-9][0-9]')],
  ['tekken', variants.tekken!],
  ['gpt-4o', variants['gpt-4o']!],
  ['deepseek-v3', variants['deepseek-v3']!],
  ['deepseek-coder', variants['deepseek-coder']!],
])('tokenizer.ggml.pre = %s', (pre, file) => {
  it('is followed to the letter', () => {
    const written = load({
      ...file,
      added_tokens: [],
      post_processor: null,
      model: { ...tinyBpe().model, ignore_merges: pre === 'tekken' },
    });
    const { ids, offsets } = loadTokenizer({ gguf: ggufOf(pre) }).encode(texts);
    const expected = written.encode(texts);
    texts.forEach((text, i) => {
      const range = [offsets[i]!, offsets[i + 1]!] as const;
      expect([...ids.subarray(...range)], JSON.stringify(text)).toEqual([
        ...expected.ids.subarray(expected.offsets[i], expected.offsets[i + 1]),
      ]);
    });
  });
});

describe('tokenizer.ggml.model = bert', () => {
  const written = tinyWordPiece({}, { max_input_chars_per_word: 100 });
  const tokens = Object.keys(written.model.vocab);
  const gguf = {
    'tokenizer.ggml.model': 'bert',
    'tokenizer.ggml.tokens': tokens.map((token, id) =>
      id < 3 ? token : token.startsWith('##') ? token.slice(2) : `▁${token}`,
    ),
    'tokenizer.ggml.token_type': tokens.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : 1)),
    'tokenizer.ggml.unknown_token_id': 0,
    'tokenizer.ggml.cls_token_id': 1,
    'tokenizer.ggml.seperator_token_id': 2,
  };

  it('gives the ids and texts of the tokenizer.json it was made of', () => {
    const [one, other] = [loadTokenizer({ gguf }), load(written)];
    expect(one.identity).toBe(other.identity);
    expect(one.encode(texts)).toEqual(other.encode(texts));
    for (const text of texts) expect(one.decode(one.encode([text]).ids)).toBe(other.decode(other.encode([text]).ids));
  });

  it('is refused without its special tokens', () => {
    const { 'tokenizer.ggml.seperator_token_id': _, ...without } = gguf;
    expect(() => loadTokenizer({ gguf: without })).toThrow(
      expect.objectContaining({ code: 'ERR_VOCAB', message: expect.stringMatching(/seperator_token_id/) }),
    );
  });
});
