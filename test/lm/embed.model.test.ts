/** The real models against vectors that PyTorch computed. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type Matrix, row, stream } from '#cole/base/index.js';
import { planBatches, wholeTexts } from '#cole/lm/batches.js';
import { families } from '#cole/lm/families/config.js';
import { createEmbedder, createMultiEmbedder, listModels, openModel, type Pooling } from '#cole/lm/index.js';
import { planPrefixBatches } from '#cole/lm/prefixes.js';
import { graphOf } from '#cole/lm/store/open.js';
import { native } from '#cole/native/index.js';

interface Line {
  readonly model: string;
  readonly text: string;
  readonly tokens: number;
  readonly mean: number[];
  readonly last_token: number[];
  readonly avg_avg: number[];
}

const shared = process.env.COLE_SHARED;
const vectors = shared ? join(shared, 'data', 'vectors', 'embed.jsonl') : '';
const lines: Line[] = existsSync(vectors)
  ? readFileSync(vectors, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];
const poolings = ['mean', 'last_token', 'avg_avg'] as const satisfies readonly Pooling[];
const present = new Set((await listModels()).filter((model) => model.present).map(({ name }) => name));

function distance(got: Float32Array, expected: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (got[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

async function embed(model: string, texts: readonly string[], options: object = {}): Promise<Matrix> {
  const embedder = await createEmbedder({ model, cache: null, threads: 2, ...options });
  try {
    return await embedder.embed(texts);
  } finally {
    await embedder.close();
  }
}

describe.each(['smollm2-135m', 'all-minilm-l6-v2'])('%s', (model) => {
  const own = lines.filter((line) => line.model.toLowerCase() === model);
  const texts = own.map(({ text }) => text);

  it('gives the vectors of PyTorch for every pooling', async ({ skip }) => {
    if (!present.has(model)) skip(`${model} is not in the model store`);
    if (own.length === 0) skip('COLE_SHARED names no folder with data/vectors');
    for (const pooling of poolings) {
      const got = await embed(model, texts, { pooling });
      own.forEach((line, index) => {
        expect(distance(row(got, index), line[pooling])).toBeLessThan(1e-4);
      });
    }
  });

  it('gives several poolings from one run, with the bits of each alone', async ({ skip }) => {
    if (!present.has(model)) skip(`${model} is not in the model store`);
    const asked = ['last_token', 'avg_avg', 'multi_layer'] as const;
    const code = ['x = nn.Conv2d(16, 16, 3)(x)', 'x = nn.Conv2d(16, 32, 3)(x)', 'x y '.repeat(70), '[SEP]'];
    const embedder = await createMultiEmbedder({ model, poolings: asked, cache: null, threads: 2 });
    const together = await embedder.embed(code);
    await embedder.close();
    for (const [at, pooling] of asked.entries()) expect(await embed(model, code, { pooling })).toEqual(together[at]);
  });

  it('gives a text the same bits in any company, order and number of threads', async ({ skip }) => {
    if (!present.has(model)) skip(`${model} is not in the model store`);
    const rng = stream('company', model);
    const layers = ['Conv2d(16, 16, 3)', 'AvgPool2d(3)', 'Identity()', 'ReLU()', 'BatchNorm2d(16)'];
    const many = Array.from({ length: 16 }, () =>
      Array.from({ length: 1 + rng.int(6) }, () => `x = nn.${rng.pick(layers)}(x)`).join('\n'),
    );
    // Lengths around 128, where the runtime's matrix product changes its blocks.
    if (model === 'smollm2-135m') for (let n = 62; n < 66; n++) many.push('x y '.repeat(n), `${'x y '.repeat(n)}x`);
    const alone = await embed(model, many, { batchTokens: 1, threads: 1 });
    const order = rng.shuffle(many.map((_, index) => index));
    for (const [batchTokens, threads] of [
      [100, 1],
      [1024, 2],
      [2048, 3],
    ]) {
      const together = await embed(
        model,
        order.map((index) => many[index]!),
        { batchTokens, threads },
      );
      order.forEach((index, at) => {
        expect(row(together, at)).toEqual(row(alone, index));
      });
    }
  });

  it('gives hidden states from which the addon pools the same vectors as the graph', async ({ skip }) => {
    if (!present.has(model)) skip(`${model} is not in the model store`);
    const opened = await openModel(model);
    const { tokenizer, manifest } = opened;
    const outputs = ['last_hidden_state', 'mean', 'last_token'];
    const session = await InferenceSession.create(await graphOf(opened, { outputs, embeddingLayer: true }));
    const { sharesPrefixes } = families[manifest.config.family]!;
    const code = ['nn.Conv2d(3, 16, 3)', 'nn.Conv2d(8, 32, 1)'];
    const encoded = tokenizer.encode(code);
    const tokens = encoded.offsets[1]!;
    expect(encoded.ids.length).toBe(2 * tokens);
    const plan = sharesPrefixes ? planPrefixBatches : planBatches;
    const [batch] = plan(wholeTexts(encoded), 1000);
    const feeds = Object.entries(batch!.feeds()).map(([name, { type, data, dims }]) => [
      name,
      new Tensor(type, data, dims),
    ]);
    const { last_hidden_state: states, ...pooled } = await session.run(Object.fromEntries(feeds));
    const width = states!.dims[1]!;
    const dim = manifest.config.hidden;
    const spans = Int32Array.of(0, tokens, width, width + tokens);
    for (const mode of ['mean', 'last_token'] as const) {
      const pooling = { tokens: mode, overLayers: 'mean', layers: Int32Array.of(0) } as const;
      const [ours] = native().poolTokens([states!.data as Float32Array], 'float32', dim, spans, null, [pooling], 1);
      expect(distance(ours!, pooled[mode]!.data as Float32Array)).toBeLessThan(1e-6);
    }
    await session.release();
  });
});

describe('memory of smollm2-135m', () => {
  it('is no more for the mean over all layers than for the last one alone', ({ skip }) => {
    const model = 'smollm2-135m';
    if (!present.has(model)) skip(`${model} is not in the model store`);
    /** Peak of a process that embeds one text of 1,200 tokens, whose 31 states take 86 MB. */
    const megabytes = (pooling: Pooling) => {
      const script = `
        import { createEmbedder } from '#cole/lm/index.js';
        const embedder = await createEmbedder({ model: '${model}', pooling: '${pooling}', cache: null, threads: 2 });
        await embedder.embed(['x y '.repeat(600)]);
        console.log(process.resourceUsage().maxRSS / 1024, embedder.stats.tokens);
        await embedder.close();`;
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
      const [peak, tokens] = child.stdout.split(' ').map(Number);
      expect(tokens).toBeGreaterThanOrEqual(1200);
      return peak!;
    };
    expect(megabytes('avg_avg')).toBeLessThan(megabytes('mean') + 40);
  });
});

describe('echo with smollm2-135m', () => {
  it('pools over the tokens of the second copy, whose first one may hold the space before it', async ({ skip }) => {
    const model = 'smollm2-135m';
    if (!present.has(model)) skip(`${model} is not in the model store`);
    const opened = await openModel(model);
    const { tokenizer, manifest } = opened;
    const code = ['import torch', '  x = nn.ReLU()(x)', 'é = "日本"', '\nreturn x\n'];
    const vectors = await embed(model, code, { pooling: 'mean', echo: true });
    const encoded = tokenizer.encode(code.map((text) => `${text} \n\n ${text}`));
    expect(tokenizer.decode([encoded.ids[encoded.offsets[1]! - 2]!])).toBe(' import');
    const session = await InferenceSession.create(
      await graphOf(opened, { outputs: ['last_hidden_state'], embeddingLayer: true }),
    );
    const [batch, ...others] = planPrefixBatches(wholeTexts(encoded), 2000);
    expect(others).toEqual([]);
    const feeds = Object.entries(batch!.feeds()).map(([name, { type, data, dims }]) => [
      name,
      new Tensor(type, data, dims),
    ]);
    const { last_hidden_state: states } = await session.run(Object.fromEntries(feeds));
    await session.release();
    const width = states!.dims[1]!;
    const spans = batch!.texts.flatMap((text, row) => {
      const ids = encoded.ids.subarray(encoded.offsets[text], encoded.offsets[text + 1]);
      let start = 0;
      while (tokenizer.decode(ids.subarray(0, start + 1)).length <= code[text]!.length + ' \n\n '.length) start++;
      expect(start).toBeGreaterThan(1);
      return [row * width + start, row * width + ids.length];
    });
    const pooling = { tokens: 'mean', overLayers: 'mean', layers: Int32Array.of(0) } as const;
    const data = states!.data as Float32Array;
    const { hidden } = manifest.config;
    const [ours] = native().poolTokens([data], 'float32', hidden, Int32Array.from(spans), null, [pooling], 1);
    for (const [at, text] of batch!.texts.entries())
      expect(distance(row(vectors, text), ours!.subarray(at * hidden, (at + 1) * hidden))).toBeLessThan(1e-6);
  });
});
