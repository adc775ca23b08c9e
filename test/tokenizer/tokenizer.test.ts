/** Byte-level BPE and WordPiece on small vocabularies: against a plain reading of the algorithms, and at the edges. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { loadTokenizer, type Tokenizer } from '#cole/lm/index.js';
import { letters, merges, tinyBpe, tinyWordPiece } from './tiny.js';

const load = (file: object): Tokenizer => loadTokenizer({ json: new TextEncoder().encode(JSON.stringify(file)) });
const bpe = load(tinyBpe());
const wordPiece = load(tinyWordPiece());
const one = (tokenizer: Tokenizer, text: string, addSpecialTokens = false) => [
  ...tokenizer.encode([text], { addSpecialTokens }).ids,
];
const ids = (tokenizer: Tokenizer, ...tokens: string[]) => tokens.map((token) => tokenizer.tokenId(token));

/** GPT-2's pattern with JavaScript's own regular expressions, then the lowest-ranked merge again and again. */
function plainBpe(text: string): number[] {
  const words = text.match(/'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu) ?? [];
  return words.flatMap((word) => {
    const symbols = [...new TextEncoder().encode(word)].map((byte) => letters[byte]!);
    for (
      const rankOf = (i: number) =>
        merges.findIndex(([left, right]) => left === symbols[i] && right === symbols[i + 1]);
      ;
    ) {
      let best = -1;
      for (let i = 0; i + 1 < symbols.length; i++)
        if (rankOf(i) >= 0 && (best < 0 || rankOf(i) < rankOf(best))) best = i;
      if (best < 0) break;
      symbols.splice(best, 2, symbols[best]! + symbols[best + 1]!);
    }
    return symbols.map((symbol) => bpe.tokenId(symbol)!);
  });
}

const alphabet = [
  'a',
  'b',
  'c',
  'h',
  'e',
  'l',
  'o',
  ' ',
  '0',
  '1',
  "'",
  's',
  '\n',
  '\t',
  '.',
  'é',
  '日',
  '\u00a0',
  '👩',
];
const text = fc.array(fc.constantFrom(...alphabet), { maxLength: 90 }).map((parts) => parts.join(''));

describe('byte-level BPE', () => {
  // First, while the buffer that is kept between calls is small.
  it('takes texts whose UTF-8 is up to three times as long as they are', () => {
    const texts = ['ab', '日 '.repeat(3e4), 'x'.repeat(9), '👩é '.repeat(2e4), '日'];
    const { ids, offsets } = bpe.encode(texts, { addSpecialTokens: false });
    texts.forEach((text, i) => {
      const decoded = bpe.decode(ids.subarray(offsets[i], offsets[i + 1]));
      expect(decoded === text, `text ${i}`).toBe(true);
    });
  });

  it('applies the lowest-ranked, leftmost merge first', () => {
    fc.assert(
      fc.property(text, (sample) => {
        expect(one(bpe, sample)).toEqual(plainBpe(sample));
      }),
      { numRuns: 500 },
    );
  });

  it.each([63, 64, 65, 1000])('merges words of %i letters alike, whichever way they are merged', (length) => {
    const random = stream('tokenizer', 'words', String(length));
    const word = Array.from({ length }, () => 'abchelo'[random.int(7)]).join('');
    expect(one(bpe, word)).toEqual(plainBpe(word));
    expect(one(bpe, 'a'.repeat(length))).toEqual(plainBpe('a'.repeat(length)));
  });

  it('takes a word of a megabyte in its stride', () => {
    const start = performance.now();
    const found = bpe.encode(['a'.repeat(2 ** 20)], { addSpecialTokens: false }).ids;
    // A quadratic search would take hours.
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(found.length).toBe(2 ** 18);
    expect(found.every((id) => id === bpe.tokenId('aaaa'))).toBe(true);
  });

  it('finds special tokens, with the white space they take and as whole words only', () => {
    expect(one(bpe, 'a<end>a')).toEqual(ids(bpe, 'a', '<end>', 'a'));
    expect(one(bpe, 'a \n<mask>\u00a0 a')).toEqual(ids(bpe, 'a', '<mask>', 'a'));
    expect(one(bpe, 'word, words')).toEqual([...ids(bpe, 'word'), ...plainBpe(', words')]);
    expect(one(bpe, 'a', true)).toEqual(ids(bpe, 'a', '<end>'));
  });

  it('isolates digits where the pre-tokenizer says so', () => {
    const digits = { type: 'Digits', individual_digits: true };
    const { pre_tokenizer } = tinyBpe();
    const alone = load(tinyBpe({ pre_tokenizer: { type: 'Sequence', pretokenizers: [digits, pre_tokenizer] } }));
    expect(one(bpe, '  01')).toEqual([bpe.tokenId(letters[32]!), bpe.tokenId(letters[32]!), bpe.tokenId('01')]);
    expect(one(alone, '01')).toEqual(ids(alone, '0', '1'));
    expect(alone.identity).not.toBe(bpe.identity);
  });

  it('drops what the vocabulary cannot write', () => {
    const file = tinyBpe();
    const kept = Object.keys(file.model.vocab as Record<string, number>).filter((token) => token !== 'x');
    const vocab = Object.fromEntries(kept.map((token, id) => [token, id]));
    const without = load(tinyBpe({ added_tokens: [], post_processor: null }, { vocab }));
    expect(one(without, 'axa')).toEqual(ids(without, 'aa'));
  });
});

describe('WordPiece', () => {
  it('takes the longest token that fits, or gives the word up', () => {
    expect(one(wordPiece, 'unaffable')).toEqual(ids(wordPiece, 'un', '##aff', '##able'));
    expect(one(wordPiece, 'unaffablex HELLO(aa)')).toEqual(ids(wordPiece, '[UNK]', 'hello', '(', 'a', '##a', ')'));
    expect(one(wordPiece, 'a'.repeat(20)).length).toBe(20);
    expect(one(wordPiece, 'a'.repeat(21))).toEqual(ids(wordPiece, '[UNK]'));
    expect(one(wordPiece, '##a')).toEqual(ids(wordPiece, '[UNK]', '[UNK]', 'a'));
  });

  it('cleans, separates ideographs, strips accents and lowers', () => {
    expect(one(wordPiece, 'É日e\u0301A\u0000\u200b\u0301a')).toEqual(ids(wordPiece, 'e', '日', 'e', '##a', '##a'));
    expect(one(wordPiece, 'a\tE\u2003a\u00a0')).toEqual(ids(wordPiece, 'a', 'e', 'a'));
    expect(one(wordPiece, 'ß')).toEqual(ids(wordPiece, '[UNK]'));
    expect(one(wordPiece, 'a', true)).toEqual(ids(wordPiece, '[CLS]', 'a', '[SEP]'));
  });
});

describe('batches', () => {
  const random = stream('tokenizer', 'batches');
  const texts = Array.from({ length: 4000 }, () =>
    Array.from({ length: random.int(300) }, () => alphabet[random.int(alphabet.length)]).join(''),
  );

  it.each([
    ['BPE', bpe],
    ['WordPiece', wordPiece],
  ] as const)('%s: the ids of a text depend on nothing else', (_, tokenizer) => {
    const whole = tokenizer.encode(texts);
    for (const threads of [2, 3, 16]) {
      const { ids, offsets } = tokenizer.encode(texts, { threads });
      expect(Buffer.from(ids.buffer).equals(Buffer.from(whole.ids.buffer))).toBe(true);
      expect(Buffer.from(offsets.buffer).equals(Buffer.from(whole.offsets.buffer))).toBe(true);
    }
    for (const i of [0, 17, 3999])
      expect(one(tokenizer, texts[i]!, true)).toEqual([...whole.ids.subarray(whole.offsets[i], whole.offsets[i + 1])]);
  });

  it('has offsets for no text, empty texts and lone surrogates', () => {
    expect(bpe.encode([])).toEqual({ ids: new Int32Array(0), offsets: new Int32Array(1) });
    expect([...bpe.encode(['', 'a', '']).offsets]).toEqual([0, 1, 3, 4]);
    expect([...wordPiece.encode(['', ''], { addSpecialTokens: false }).offsets]).toEqual([0, 0, 0]);
    expect(one(bpe, 'a\ud800')).toEqual(one(bpe, 'a\ufffd'));
  });
});
