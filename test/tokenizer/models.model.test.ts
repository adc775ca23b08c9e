/** The tokenizers of the default models against Hugging Face's: recorded vectors, all cells of NAS-Bench-201, and its JavaScript library. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as NpmTokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { tokenizerJson } from '#cole/bench/parts/tokenizer-json.js';
import { renderer } from '#cole/code/index.js';
import { listModels, loadTokenizer, tokenizerOf } from '#cole/lm/index.js';
import { cellOf } from '#cole/spaces/index.js';

interface Golden {
  readonly tokens: number;
  readonly idsSha256: string;
  readonly countsSha256: string;
}

const golden = JSON.parse(readFileSync(new URL('./golden/nas-bench-201.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, Golden>
>;
const shared = process.env.COLE_SHARED;
const vectors = shared ? join(shared, 'data', 'vectors', 'tokenize.jsonl') : '';
const present = new Set((await listModels()).filter((model) => model.present).map(({ name }) => name));
const sha256 = (values: Int32Array) => createHash('sha256').update(values).digest('hex');

describe.each([
  ['smollm2-135m', 'smollm2-135m (GGUF vocabulary)'],
  ['all-minilm-l6-v2', 'all-MiniLM-L6-v2 tokenizer.json'],
])('%s', (model, nameInVectors) => {
  it('gives the recorded ids', async (ctx) => {
    if (!present.has(model)) ctx.skip(`${model} is not in the model store`);
    if (!existsSync(vectors)) ctx.skip('COLE_SHARED does not lead to vectors/tokenize.jsonl');
    const lines = readFileSync(vectors, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { tokenizer: string; text: string; ids: number[] })
      .filter(({ tokenizer }) => tokenizer === nameInVectors);
    expect(lines.length).toBeGreaterThan(50);
    const tokenizer = await tokenizerOf(model);
    const { ids, offsets } = tokenizer.encode(lines.map(({ text }) => text));
    lines.forEach((line, i) => {
      expect([...ids.subarray(offsets[i], offsets[i + 1])], JSON.stringify(line.text)).toEqual(line.ids);
    });
  });

  it.for(Object.keys(golden[model]!))(
    'gives the ids of every cell as %s, on one thread and on two',
    async (text, ctx) => {
      if (!present.has(model)) ctx.skip(`${model} is not in the model store`);
      const style = renderer('nas-bench-201', text.replace(/.*\/|@.*/g, ''));
      expect(style.identity).toBe(text);
      const texts = Array.from({ length: 15625 }, (_, index) => style.render(cellOf(index)));
      const tokenizer = await tokenizerOf(model);
      for (const threads of [1, 2]) {
        const { ids, offsets } = tokenizer.encode(texts, { threads });
        const counts = offsets.subarray(1).map((end, i) => end - offsets[i]!);
        expect({ tokens: ids.length, idsSha256: sha256(ids), countsSha256: sha256(counts) }).toEqual(
          golden[model]![text],
        );
      }
    },
  );

  it('agrees with the JavaScript library of Hugging Face, from either kind of file', async (ctx) => {
    if (!present.has(model)) ctx.skip(`${model} is not in the model store`);
    const json = tokenizerJson(model);
    const peer = new NpmTokenizer(JSON.parse(json), {});
    const style = renderer('nas-bench-201', 'statements');
    const texts = Array.from({ length: 157 }, (_, i) => style.render(cellOf(i * 99)));
    texts.push('def f(a, b=1e-08):\n\t\treturn a @ b  # 3x3, naïve', '"don\'t"   [x]\r\n\r\n', '');
    const tokenizer = await tokenizerOf(model);
    const { ids, offsets } = tokenizer.encode(texts);
    texts.forEach((text, i) => {
      expect([...ids.subarray(offsets[i], offsets[i + 1])]).toEqual([...peer.encode(text).ids]);
    });
    const fromJson = loadTokenizer({ json: new TextEncoder().encode(json) });
    expect(fromJson.identity).toBe(tokenizer.identity);
  });
});
