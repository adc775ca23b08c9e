/** Ready ONNX files: one that PyTorch exported (scripts/onnx-golden.py), whole and changed. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addModel, createEmbedder, createMultiEmbedder, openModel } from '#cole/lm/index.js';
import { Graph } from '#cole/lm/onnx/graph.js';
import { splitOnnx } from '#cole/lm/onnx/split.js';
import { graphOf } from '#cole/lm/store/open.js';
import { distance, runnerOf } from './graphs.js';
import { tinyBert } from './tiny.js';

const golden = join(import.meta.dirname, 'golden-onnx');
const exported = readFileSync(join(golden, 'model.onnx'));
const states = ['hidden_states.0', 'hidden_states.1', 'hidden_states.2'];
const inputs = ['input_ids', 'attention_mask', 'token_type_ids'];
const texts = JSON.parse(readFileSync(join(golden, 'vectors.json'), 'utf8')) as {
  ids: number[];
  vectors: Record<string, number[]>;
}[];

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cole-ready-'));
  process.env.COLE_HOME = home;
});
afterEach(() => {
  delete process.env.COLE_HOME;
  rmSync(home, { recursive: true });
});

/** A folder as exporters write it; the path of the ONNX file. */
function folder(name: string, bytes: Uint8Array, config: object = {}): string {
  const path = join(home, name);
  tinyBert(path);
  const fields = JSON.parse(readFileSync(join(golden, 'config.json'), 'utf8'));
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...fields, ...config }));
  writeFileSync(join(path, 'model.onnx'), bytes);
  return join(path, 'model.onnx');
}

/** The same nodes with other inputs and outputs; `place`: where its large weights go, if not into the file. */
function changed(
  outputs: (g: Graph) => void,
  given: readonly string[] = inputs,
  place?: (data: Buffer) => string,
): Buffer {
  const split = splitOnnx(exported, 'model.onnx');
  const g = new Graph('test', { file: '', tensors: {} }, 'test/');
  for (const name of given) g.input(name, 'int64', ['batch', 'tokens']);
  outputs(g);
  const contents = split.tensors.map(({ content }) => content as Uint8Array);
  const places: { offset: number; bytes: number }[] = [];
  for (const { length: bytes } of contents) {
    const before = places.at(-1);
    places.push({ offset: before ? before.offset + before.bytes : 0, bytes });
  }
  const file = place?.(Buffer.concat(contents)) ?? 'weights.data';
  return Buffer.concat([split.skeleton(file, places), g.encodeAddition()]);
}
const beside = (path: string) => (data: Buffer) => {
  mkdirSync(join(home, path), { recursive: true });
  writeFileSync(join(home, path, 'weights.data'), data);
  return 'weights.data';
};
const shape = ['batch', 'tokens', 16];

async function vectorsOf(name: string, outputs: readonly string[]) {
  const opened = await openModel(name);
  const runner = await runnerOf(opened.manifest.config, await graphOf(opened, { outputs, embeddingLayer: true }));
  const got = await runner.run(
    texts.map(({ ids }) => ids),
    100,
  );
  await runner.close();
  return got;
}

async function expectGolden(name: string, outputs: readonly string[]): Promise<void> {
  const got = await vectorsOf(name, outputs);
  texts.forEach(({ vectors }, text) => {
    for (const output of outputs)
      expect(distance(got[text]![output]!, vectors[output]!), `${output} ${text}`).toBeLessThan(1e-4);
  });
}

describe('a ready ONNX file', () => {
  const all = Object.keys(texts[0]!.vectors);

  it('gives the vectors of PyTorch for every pooling', async () => {
    const entry = await addModel(folder('whole', exported), 'ready');
    expect(entry).toMatchObject({ name: 'ready', family: 'onnx', layers: 2, dimension: 16, positions: 20 });
    await expectGolden('ready', all);
    const embedder = await createEmbedder({ model: 'ready', cache: null, threads: 1 });
    expect((await embedder.embed(['conv pool'])).cols).toBe(16);
    await embedder.close();
    expect(readdirSync(join(home, 'models', 'ready')).filter((each) => each.startsWith('trial'))).toEqual([]);
  });

  it('may have its weights beside it, and its states stacked', async () => {
    const stacked = (g: Graph) => {
      const layers = states.map((state) => g.node('Unsqueeze', [state, g.integers([0])]));
      g.output('hidden_states', g.node('Concat', layers, { attributes: { axis: 0 } }), 'float32', [3, ...shape]);
    };
    await addModel(folder('stacked', changed(stacked, inputs, beside('stacked'))), 'stacked');
    await expectGolden('stacked', all);
  });

  it('without the hidden states of all layers has no poolings of them', async () => {
    const last = changed(
      (g) => g.output('last_hidden_state', 'last_hidden_state', 'float32', shape),
      inputs,
      beside('last'),
    );
    await addModel(folder('last', last), 'last');
    await expectGolden('last', ['mean', 'last_token']);
    await expect(vectorsOf('last', ['avg_avg'])).rejects.toThrow(/mean or last_token .*got avg_avg/);
    const open = (options: object) =>
      createMultiEmbedder({ model: 'last', poolings: ['mean'], cache: null, ...options });
    await expect(open({ poolings: ['mean', 'layer:1'] })).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringMatching(/mean or last_token .*got layer:1/),
    });
    // Whether such a graph is causal cannot be seen.
    await expect(open({ echo: true })).rejects.toThrow(/a causal language model for echo, got last of family onnx/);
    const text = 'conv pool '.repeat(30);
    const options = { poolings: ['mean', 'last_token'], onLong: 'chunk', specialTokens: false };
    const embedder = await open(options);
    const [means, lasts] = await embedder.embed([text, 'conv pool'], () => undefined);
    expect(embedder.stats).toMatchObject({ chunked: 1 });
    expect(embedder.stats.windows).toBeGreaterThan(2);
    expect([means!.rows, lasts!.rows]).toEqual([2, 2]);
    await embedder.close();
  });

  it('is refused by what it lacks', async () => {
    const one = (g: Graph) => g.output('last_hidden_state', 'last_hidden_state', 'float32', shape);
    const cases: readonly (readonly [Buffer, RegExp])[] = [
      [
        changed((g) => g.output('logits', states[2]!, 'float32', shape)),
        /last_hidden_state or hidden_states .* got logits/,
      ],
      [changed(one, [...inputs, 'past_key_values.0.key']), /and no other .* got past_key_values\.0\.key/],
      [changed(one, ['attention_mask']), /an input input_ids .* got attention_mask/],
      [changed(one, ['input_ids'], beside('wrong3')), /onnxruntime runs, but .*token_type_ids/],
      [changed(one, inputs, () => 'absent.data'), /the weights of .*absent\.data, got no such file/],
      [changed(one, inputs, () => '../../etc/passwd'), /beside .*, got \.\.\/\.\.\/etc\/passwd/],
      [exported.subarray(0, 5000), /is none or was cut short|got none/],
      [
        changed((g) => {
          g.output(
            'last_hidden_state',
            g.node('DynamicQuantizeLinear', [states[2]!], { outputs: 3 }),
            'float32',
            shape,
          );
        }),
        /got DynamicQuantizeLinear, which scales them by tensor/,
      ],
      [Buffer.from('no protobuf at all'), /expected an ONNX file/],
    ];
    for (const [i, [bytes, message]] of cases.entries())
      await expect(addModel(folder(`wrong${i}`, bytes))).rejects.toThrow(message);
    await expect(addModel(folder('small', exported, { vocab_size: 14 }))).rejects.toThrow(/at most 14 tokens/);
    copyFileSync(join(golden, 'model.onnx'), join(home, 'alone.onnx'));
    await expect(addModel(join(home, 'alone.onnx'))).rejects.toThrow(/config\.json and tokenizer\.json beside/);
    expect(existsSync(join(home, 'models')) ? readdirSync(join(home, 'models')) : []).toEqual([]);
  });

  it('with NaN in its weights, or another skeleton later, is refused', async () => {
    const split = splitOnnx(exported, 'x');
    const bytes = Buffer.from(exported);
    const weights = split.tensors.find(({ type }) => type === 1)!.content as Uint8Array;
    bytes.writeFloatLE(Number.NaN, exported.indexOf(weights) + 8);
    await expect(addModel(folder('nan', bytes))).rejects.toThrow(/expected numbers in weight .* got NaN at 2/);
    await addModel(folder('good', exported), 'good');
    const path = join(home, 'models', 'good', 'skeleton.onnx');
    const skeleton = readFileSync(path);
    skeleton[100] = skeleton[100]! ^ 1;
    writeFileSync(path, skeleton);
    await expect(vectorsOf('good', ['mean'])).rejects.toThrow(/expected sha256 .*skeleton\.onnx/);
  });
});
