/**
 * Every component of a tokenizer.json against Hugging Face's Python package. With COLE_GOLDEN_PYTHON set to a Python that has
 * `tokenizers`, golden/components.json is written anew first.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '#cole/lm/index.js';
import { texts, variants } from './variants.js';

interface Golden {
  readonly ids: readonly (readonly number[])[];
  /** With at most 8 tokens. */
  readonly cut: readonly (readonly number[])[];
  readonly decoded: readonly string[];
  readonly skipped: readonly string[];
}

const file = (name: string) => fileURLToPath(new URL(`golden/components.${name}`, import.meta.url));
const python = process.env.COLE_GOLDEN_PYTHON;
if (python) {
  const input = JSON.stringify({ variants, texts });
  const { status, stdout, stderr } = spawnSync(python, [file('py')], { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(stderr);
  const lines = Object.entries(JSON.parse(stdout)).map((each) => each.map((part) => JSON.stringify(part)).join(': '));
  writeFileSync(file('json'), `{\n${lines.join(',\n')}\n}\n`);
}
const golden = JSON.parse(readFileSync(file('json'), 'utf8')) as Record<string, Golden>;

describe.each(Object.keys(variants))('%s', (name) => {
  const tokenizer = loadTokenizer({ json: new TextEncoder().encode(JSON.stringify(variants[name])) });

  it('gives the ids of Hugging Face', () => {
    const { ids, offsets } = tokenizer.encode(texts);
    texts.forEach((text, i) => {
      expect([...ids.subarray(offsets[i], offsets[i + 1])], JSON.stringify(text)).toEqual(golden[name]!.ids[i]);
    });
  });

  it('gives its texts back', () => {
    golden[name]!.ids.forEach((ids, i) => {
      // Hugging Face gives normalized added tokens back as the normalizer left them, and does not know them as special then;
      // here they come back as they were added.
      if (/normalized added|added tokens, normalized/.test(name)) return;
      expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(golden[name]!.decoded[i]);
      expect(tokenizer.decode(ids)).toBe(golden[name]!.skipped[i]);
    });
    expect(() => tokenizer.decode([1 << 20])).toThrow(/ids of the vocabulary to decode, got 1048576/);
  });

  it('cuts long texts as Hugging Face does, and names them', () => {
    const { ids, offsets, truncated = [] } = tokenizer.encode(texts, { maxTokens: 8 });
    texts.forEach((text, i) => {
      expect([...ids.subarray(offsets[i], offsets[i + 1])], JSON.stringify(text)).toEqual(golden[name]!.cut[i]);
    });
    const long = golden[name]!.ids.flatMap((each, i) => (each.length > 8 ? [i] : []));
    expect([...truncated]).toEqual(long);
    const around = tokenizer.encode(['']).ids.length;
    expect(() => tokenizer.encode(['a'], { maxTokens: around })).toThrow(/special tokens for maxTokens, got/);
  });

  it('gives them for any number of threads, and for each text alone', () => {
    const many = Array.from({ length: 40 }, () => texts).flat();
    const one = tokenizer.encode(many, { threads: 1 });
    expect(tokenizer.encode(many, { threads: 3 })).toEqual(one);
    texts.forEach((text, i) => {
      expect([...tokenizer.encode([text]).ids]).toEqual(golden[name]!.ids[i]);
    });
  });

  it('gives them for any number of threads within one long text', () => {
    const long = ['', `${texts.join(' ')}\n`.repeat(1200), 'a'];
    expect(long[1]!.length).toBeGreaterThan(2 ** 19);
    const [one, three] = [1, 3].map((threads) => tokenizer.encode(long, { threads }));
    expect([...three!.offsets]).toEqual([...one!.offsets]);
    // Comparing millions of numbers one by one would take seconds.
    expect(Buffer.compare(Buffer.from(three!.ids.buffer), Buffer.from(one!.ids.buffer))).toBe(0);
  });
});
