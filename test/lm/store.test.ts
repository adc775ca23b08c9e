import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFile } from '#cole/base/index.js';
import { openSafetensors } from '#cole/lm/formats/safetensors.js';
import { addModel, createEmbedder, listModels, openModel, pullModel, removeModel, showModel } from '#cole/lm/index.js';
import { convertWeights } from '#cole/lm/store/convert.js';
import { tinyBert, tinyLlamaFolder, tinyLlamaGguf } from './tiny.js';

let home: string;
const models = () => join(home, 'models');

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cole-store-'));
  process.env.COLE_HOME = home;
});
afterEach(() => {
  delete process.env.COLE_HOME;
  rmSync(home, { recursive: true });
});

async function vectorsOf(model: string, texts: readonly string[]): Promise<Float32Array> {
  const embedder = await createEmbedder({ model, threads: 1, cache: null });
  try {
    return (await embedder.embed(texts)).data;
  } finally {
    await embedder.close();
  }
}

describe('model store', () => {
  it('lists built-in models with licence, size and hash before they are there', async () => {
    const entries = await listModels();
    expect(entries.map(({ name, present }) => [name, present])).toEqual([
      ['smollm2-135m', false],
      ['all-minilm-l6-v2', false],
    ]);
    for (const entry of entries) {
      expect(entry.license).toBe('Apache-2.0');
      expect(entry.bytes).toBeGreaterThan(8e7);
      expect(entry.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    await expect(pullModel('smollm2-135m', { offline: true })).rejects.toThrow(/offline/);
    await expect(showModel('smollm2-135')).rejects.toThrow(/did you mean smollm2-135m/);
    await expect(createEmbedder({ model: 'smollm2-135m' })).rejects.toThrow(/cole models pull smollm2-135m/);
  });

  it('adds, shows and removes a folder', async () => {
    tinyBert(join(home, 'Tiny'));
    const entry = await addModel(join(home, 'Tiny'));
    expect(entry).toMatchObject({ name: 'tiny', present: true, family: 'bert', dimension: 64, positions: 64 });
    expect(await showModel('tiny')).toEqual(entry);
    await expect(addModel(join(home, 'Tiny'))).rejects.toThrow(/there is a model tiny/);
    expect(readdirSync(models())).toEqual(['tiny']);
    await removeModel('tiny');
    expect(readdirSync(models())).toEqual([]);
    await expect(removeModel('tiny')).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });

  it('computes the same from a GGUF file as from a Hugging Face folder', async () => {
    tinyLlamaFolder(join(home, 'folder'));
    tinyLlamaGguf(join(home, 'file.gguf'));
    await addModel(join(home, 'folder'));
    expect(await addModel(join(home, 'file.gguf'))).toMatchObject({ name: 'file', license: 'mit', family: 'llama' });
    const texts = ['conv(3, 5)', 'x', 'relu conv conv'];
    const [a, b] = [await openModel('folder'), await openModel('file')];
    expect(a.tokenizer.encode(texts)).toEqual(b.tokenizer.encode(texts));
    expect(await vectorsOf('file', texts)).toEqual(await vectorsOf('folder', texts));
  });

  it('refuses models that it would compute wrongly', async () => {
    tinyLlamaFolder(join(home, 'scaled'), { rope_scaling: { type: 'longrope', factor: 2 } });
    await expect(addModel(join(home, 'scaled'))).rejects.toThrow(/rope scaling .* got longrope/);
    tinyLlamaFolder(join(home, 'other'), { model_type: 'gpt2' });
    await expect(addModel(join(home, 'other'))).rejects.toThrow(/family llama, .* got gpt2/);
    tinyLlamaFolder(join(home, 'wide'), { intermediate_size: 40 });
    await expect(addModel(join(home, 'wide'))).rejects.toThrow(
      /expected shape 40,64 for tensor model\.layers\.0\.mlp\.gate_proj/,
    );
    tinyLlamaFolder(join(home, 'small'), { vocab_size: 50 });
    await expect(addModel(join(home, 'small'))).rejects.toThrow(/tokenizer of at most 50 tokens/);
    tinyLlamaFolder(join(home, 'deep'), { num_hidden_layers: 1 });
    await expect(addModel(join(home, 'deep'))).rejects.toThrow(/got model\.layers\.1/);
    tinyLlamaFolder(join(home, 'heads'), { num_attention_heads: 8 });
    await expect(addModel(join(home, 'heads'))).rejects.toThrow(/multiple of 16/);
    await expect(addModel(join(home, 'absent'))).rejects.toThrow(/nothing there/);
    await expect(addModel(join(home, 'deep'), '../x')).rejects.toMatchObject({ code: 'ERR_OPTION' });
    expect(readdirSync(models())).toEqual([]);
  });

  it('names a file that was cut short or changed, and leaves nothing behind', async () => {
    tinyBert(join(home, 'cut'));
    truncateSync(join(home, 'cut', 'model.safetensors'), 9000);
    await expect(addModel(join(home, 'cut'))).rejects.toThrow(/cut short/);
    tinyLlamaGguf(join(home, 'cut.gguf'));
    truncateSync(join(home, 'cut.gguf'), 12_000);
    await expect(addModel(join(home, 'cut.gguf'))).rejects.toThrow(/cut short/);
    expect(readdirSync(models())).toEqual([]);

    tinyBert(join(home, 'good'));
    await addModel(join(home, 'good'));
    const weights = join(models(), 'good', 'weights.bin');
    const bytes = readFileSync(weights);
    bytes[5000] = bytes[5000]! ^ 1;
    writeFileSync(weights, bytes);
    await expect(vectorsOf('good', ['conv'])).rejects.toThrow(/expected sha256 .*weights\.bin/);
    truncateSync(weights, 100);
    await expect(openModel('good')).rejects.toThrow(/got 100/);
  });

  it('refuses a model that is larger than memory, with the figure, before it is loaded', async () => {
    tinyBert(join(home, 'huge'));
    await addModel(join(home, 'huge'));
    const path = join(models(), 'huge', 'model.json');
    const bytes = 4e12;
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), weightsBytes: bytes }));
    // A file of holes.
    truncateSync(join(models(), 'huge', 'weights.bin'), bytes);
    await expect(createEmbedder({ model: 'huge', cache: null })).rejects.toMatchObject({
      code: 'ERR_MEMORY',
      message: expect.stringMatching(/at most [\d.]+ GB, .* but huge has 4000\.0 GB of weights/),
    });
  });

  it('asks for room on the disk before it converts', async () => {
    tinyBert(join(home, 'bert'));
    const source = await openSafetensors(join(home, 'bert', 'model.safetensors'));
    const { manifest } = await addModel(join(home, 'bert')).then(() => openModel('bert'));
    const vocabulary = 10 ** 15;
    const claims = (name: string) => (name.includes('word_emb') ? [vocabulary, 64] : source.shape(name));
    const read = () => Promise.reject(new Error('read'));
    await expect(
      convertWeights({ ...manifest.config, vocabulary }, { ...source, shape: claims, read }, home),
    ).rejects.toThrow(/expected \d+\.\d GB of free disk for the weights in float32 in .*, got \d+\.\d GB/);
    await source.close();
  });

  it('refuses weights that are not numbers', async () => {
    tinyBert(join(home, 'nan'));
    const path = join(home, 'nan', 'model.safetensors');
    const bytes = readFileSync(path);
    const at = bytes.readBigUInt64LE(0);
    bytes.writeFloatLE(Number.NaN, 8 + Number(at));
    writeFileSync(path, bytes);
    await expect(addModel(join(home, 'nan'))).rejects.toThrow(
      /finite values in tensor .*embed.* of .*model\.safetensors, got NaN/,
    );
  });

  it('finds damage in every file of a model, by its path', async () => {
    tinyBert(join(home, 'whole'));
    await addModel(join(home, 'whole'));
    const { folder } = await showModel('whole');
    for (const name of ['tokenizer.json', 'weights.bin']) {
      const path = join(folder, name);
      const good = readFileSync(path);
      const bad = Buffer.from(good);
      // Another letter of a word, another bit of a number.
      bad[bad.indexOf('conv') < 0 ? 1000 : bad.indexOf('conv')]! ^= 2;
      writeFileSync(path, bad);
      const use = async () => {
        const embedder = await createEmbedder({ model: 'whole', cache: null });
        await embedder.embed(['conv']).finally(() => embedder.close());
      };
      await expect(use()).rejects.toThrow(new RegExp(`expected sha256 \\w+ for .*whole/${name}, got`));
      writeFileSync(path, good);
      await use();
    }
  });

  it('survives a kill in the middle, and a second process at the same time', async () => {
    tinyBert(join(home, 'tiny'));
    const script = `
      import { addModel } from ${JSON.stringify(packageFile('dist', 'lm', 'index.js'))};
      await addModel(${JSON.stringify(join(home, 'tiny'))});`;
    const start = (killAfter?: number) =>
      new Promise<void>((resolve) => {
        const child = execFile(process.execPath, ['--input-type=module', '-e', script], { env: process.env }, () =>
          resolve(),
        );
        if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
      });
    for (const killAfter of [60, 120, 180, 240]) {
      await start(killAfter);
      for (const found of existsSync(models()) ? readdirSync(models()) : [])
        if (!found.startsWith('.')) await openModel(found);
    }
    await Promise.all([start(), start()]);
    expect((await showModel('tiny')).present).toBe(true);
    await removeModel('tiny');
    await addModel(join(home, 'tiny'));
    expect(readdirSync(models())).toEqual(['tiny']);
  });
});
