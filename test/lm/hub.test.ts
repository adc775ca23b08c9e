/** Pulls from a hub on this machine, right and wrong. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFile } from '#cole/base/index.js';
import { openGguf } from '#cole/lm/formats/gguf.js';
import { addModel, describeModel, hubNames, openModel, pullModel, showModel } from '#cole/lm/index.js';
import { findHubModel } from '#cole/lm/store/hub.js';
import { cole } from '../cli/run.js';
import { commit, type FakeHub, fakeHub } from './fake-hub.js';
import { seeded } from './seeded.js';
import { tinyBert, tinyLlamaGguf } from './tiny.js';
import { safetensors } from './weight-files.js';

const id = 'someone/Tiny-Bert';
const bertConfig = readFileSync(join(import.meta.dirname, 'golden', 'bert.json'), 'utf8');
let home: string;
let hub: FakeHub;
let files: Record<string, Uint8Array>;
const models = () => join(home, 'models');
const download = `.download-someone--Tiny-Bert--${commit}`;
const downloads = () => join(models(), download);

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'cole-hub-'));
  tinyBert(join(home, 'source'));
  files = Object.fromEntries(
    ['config.json', 'tokenizer.json', 'model.safetensors'].map((name) => [
      name,
      readFileSync(join(home, 'source', name)),
    ]),
  );
  files['README.md'] = Buffer.from('# Tiny');
  hub = await fakeHub(id, files);
  process.env.COLE_HOME = home;
  process.env.HF_ENDPOINT = hub.url;
});
afterEach(async () => {
  delete process.env.COLE_HOME;
  delete process.env.HF_ENDPOINT;
  await hub.close();
  rmSync(home, { recursive: true });
});

const script = () => `
  import { pullModel } from ${JSON.stringify(packageFile('dist', 'lm', 'index.js'))};
  await pullModel(${JSON.stringify(id)});`;

describe('the hub', () => {
  it('gives licence, size and hash before a pull, then the model', async () => {
    const before = await describeModel(id);
    const steps: string[] = [];
    const bytes: number[] = [];
    const entry = await pullModel(`${id}@main`, {
      onStep: (text) => steps.push(text),
      onBytes: (done, total) => bytes.push(done / total),
    });
    expect(before).toMatchObject({ name: 'tiny-bert', present: false, license: 'mit', source: `${id}@${commit}` });
    expect(before.bytes).toBe(
      ['config.json', 'tokenizer.json', 'model.safetensors'].reduce((sum, name) => sum + files[name]!.length, 0),
    );
    expect(steps[0]).toContain(`license mit, sha256 ${before.sha256}`);
    expect(bytes.at(-1)).toBe(1);
    expect(entry).toMatchObject({ name: 'tiny-bert', present: true, license: 'mit', sha256: before.sha256 });
    await addModel(join(home, 'source'), 'same');
    const [a, b] = [await openModel('tiny-bert'), await openModel('same')];
    expect(a.manifest.weightsSha256).toBe(b.manifest.weightsSha256);
    expect(hub.requests.some((request) => request.includes('README'))).toBe(false);
    expect(readdirSync(models()).sort()).toEqual(['same', 'tiny-bert']);
    const asked = hub.requests.length;
    expect(await pullModel(id)).toEqual(entry);
    expect(await pullModel('tiny-bert')).toEqual(entry);
    expect(hub.requests.length).toBe(asked);
  });

  it('is never asked offline', async () => {
    await expect(pullModel(id, { offline: true })).rejects.toThrow(/expected model tiny-bert .* offline forbids/);
    await expect(pullModel('codellama-7b-python', { offline: true })).rejects.toThrow(/offline forbids/);
    await expect(describeModel(id, { offline: true })).rejects.toThrow(/offline forbids/);
    expect(hub.requests).toEqual([]);
  });

  it('may cut the connection: the pull goes on where it stopped', async () => {
    hub.cuts.push(50_000, 20_000);
    await pullModel(id);
    const ranges = hub.requests.filter((request) => / [1-9]\d*-/.test(request));
    expect(ranges.length).toBe(2);
    expect((await showModel('tiny-bert')).present).toBe(true);
  });

  it('may go away: what was fetched is kept for the next pull', async () => {
    hub.cuts.push(50_000, 0, 0, 0);
    await expect(pullModel(id)).rejects.toThrow(/expected model\.safetensors of someone\/Tiny-Bert from http/);
    expect(readdirSync(models())).toEqual([download]);
    const kept = statSync(join(downloads(), 'model.safetensors.part')).size;
    expect(kept).toBeGreaterThan(10_000);
    await pullModel(id);
    expect(hub.requests.at(-1)).toMatch(new RegExp(` ${kept}-`));
    expect(readdirSync(models())).toEqual(['tiny-bert']);
  });

  it('may send other bytes than it promised: they are refused and fetched anew', async () => {
    const flipped = Uint8Array.from(files['model.safetensors']!);
    flipped[70_000] = flipped[70_000]! ^ 1;
    hub.changed.set('model.safetensors', flipped);
    await expect(pullModel(id)).rejects.toThrow(/expected sha256 hash \w+ for model\.safetensors of someone/);
    hub.changed.set('model.safetensors', flipped.subarray(0, 90_000));
    await expect(pullModel(id)).rejects.toThrow(/expected \d+ bytes in model\.safetensors/);
    hub.changed.clear();
    hub.changed.set('config.json', Buffer.from(files['config.json']!.toString().replace('1e-12', '2e-12')));
    rmSync(downloads(), { recursive: true });
    await expect(pullModel(id)).rejects.toThrow(/expected git hash \w+ for config\.json/);
    hub.changed.clear();
    await pullModel(id);
  });

  it('refuses before anything of size is fetched', async () => {
    const other = { ...files, 'config.json': Buffer.from('{"model_type": "gemma2"}') };
    const cases: readonly (readonly [Record<string, Uint8Array>, RegExp])[] = [
      [other, /family llama, .* in config\.json of someone\/Tiny-Bert, got gemma2/],
      [{ '../../x.gguf': Buffer.from('x') }, /path of a file from the hub, got \.\.\/\.\.\/x\.gguf/],
      [
        { 'pytorch_model.bin': Buffer.from('x') },
        /model\.safetensors or a GGUF file in .*, got pytorch_model\.bin; .* cole models add/,
      ],
      [{ 'a.gguf': Buffer.from('x'), 'b.gguf': Buffer.from('x') }, /GGUF files \(a\.gguf, b\.gguf\) to be named/],
      [
        { 'config.json': files['config.json']!, 'model.safetensors': files['model.safetensors']! },
        /expected tokenizer\.json in/,
      ],
    ];
    for (const [content, message] of cases) {
      const wrong = await fakeHub(id, content);
      process.env.HF_ENDPOINT = wrong.url;
      await expect(pullModel(id)).rejects.toThrow(message);
      expect(wrong.requests.filter((request) => /safetensors|gguf/.test(request))).toEqual([]);
      await wrong.close();
    }
    expect(existsSync(models()) ? readdirSync(models()) : []).toEqual([]);
  });

  it.each([
    ['deepseek-coder-v2-lite', { model_type: 'deepseek_v2', hidden_size: 2048 }, /got deepseek_v2/],
    [
      'jina-embeddings-v2-base-code',
      { ...JSON.parse(bertConfig).config, position_embedding_type: 'alibi' },
      /position_embedding_type .*alibi/,
    ],
    ['sfr-embedding-code', { model_type: 'codexembed' }, /got codexembed/],
  ])('refuses %s, which is not computed, by what its config.json says', async (name, config, message) => {
    const large = { 'model.safetensors': Buffer.from('x'), 'tokenizer.json': Buffer.from('{}') };
    const wrong = await fakeHub(hubNames[name]!, { 'config.json': Buffer.from(JSON.stringify(config)), ...large });
    process.env.HF_ENDPOINT = wrong.url;
    await expect(pullModel(name)).rejects.toThrow(message);
    expect(wrong.requests.filter((request) => /safetensors|tokenizer/.test(request))).toEqual([]);
    await wrong.close();
  });

  it('refuses a model that is larger than memory, with the figure, before it is fetched', async () => {
    hub.parameters = 70e12;
    const figures =
      /expected a model of at most [\d.]+ GB, .* but someone\/Tiny-Bert has 280000\.0 GB of weights in float32; --force/;
    await expect(pullModel(id)).rejects.toMatchObject({ code: 'ERR_MEMORY', message: expect.stringMatching(figures) });
    expect(hub.requests.filter((request) => request.includes('safetensors'))).toEqual([]);
    // There is no disk for it either.
    await expect(pullModel(id, { force: true })).rejects.toMatchObject({ code: 'ERR_IO' });
    expect(existsSync(models()) ? readdirSync(models()) : []).toEqual([]);
    hub.parameters = undefined;
    await pullModel(id);
  });

  it('reads the head of a GGUF file, which has family and sizes, before it fetches the rest', async () => {
    tinyLlamaGguf(join(home, 'good.gguf'));
    const good = readFileSync(join(home, 'good.gguf'));
    const other = Buffer.from(good);
    other.write('gamma', other.indexOf('llama', other.indexOf('general.architecture')));
    for (const [content, message] of [
      [other, /expected a model of family .* in a\.gguf of someone\/Gguf, got gamma/],
      [Buffer.from('GGUF'), /a\.gguf has no valid header/],
    ] as const) {
      const wrong = await fakeHub('someone/Gguf', { 'a.gguf': content });
      process.env.HF_ENDPOINT = wrong.url;
      await expect(pullModel('someone/Gguf')).rejects.toThrow(message);
      expect(wrong.requests.filter((request) => request.includes('gguf'))).toHaveLength(1);
      await wrong.close();
    }
    const right = await fakeHub('someone/Gguf', { 'a.gguf': good });
    process.env.HF_ENDPOINT = right.url;
    const { weightsBytes } = await findHubModel('someone/Gguf', 'main');
    const source = await openGguf(join(home, 'good.gguf'));
    const shapes = [...source.names].map((name) => source.shape(name));
    expect(weightsBytes).toBe(4 * shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0));
    await source.close();
    await right.close();
  });

  it('says why it refuses, and where it is not there', async () => {
    hub.status = 401;
    await expect(pullModel(id)).rejects.toThrow(/someone\/Tiny-Bert@main from http.* answered 401: .* set HF_TOKEN/);
    hub.status = 404;
    await expect(pullModel(id)).rejects.toThrow(/answered 404: it is not there/);
    process.env.HF_ENDPOINT = 'http://127.0.0.1:9';
    await expect(pullModel(id)).rejects.toMatchObject({
      code: 'ERR_MODEL',
      message: expect.stringMatching(/127\.0\.0\.1:9, but /),
    });
    await expect(pullModel('codelama-7b')).rejects.toThrow(/did you mean codellama-7b/);
    await expect(pullModel(id, { as: '../x' })).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });

  it('gives GGUF files and weights in shards', async () => {
    tinyLlamaGguf(join(home, 'a.gguf'));
    const bytes = readFileSync(join(home, 'a.gguf'));
    const repository = await fakeHub('someone/Gguf', { 'q4/a.gguf': bytes, 'b.gguf': bytes }, 'apache-2.0');
    process.env.HF_ENDPOINT = repository.url;
    expect((await describeModel('someone/Gguf', { file: 'b.gguf' })).bytes).toBe(bytes.length);
    const entry = await pullModel('someone/Gguf', { file: 'q4/a.gguf', as: 'mine' });
    expect(entry).toMatchObject({ name: 'mine', license: 'apache-2.0', source: `someone/Gguf@${commit}/q4/a.gguf` });
    await repository.close();

    tinyLlamaGguf(join(home, 'a.gguf'), 2);
    const parts = ['a-00001-of-00002.gguf', 'a-00002-of-00002.gguf'];
    const split = await fakeHub(
      'someone/Parts',
      Object.fromEntries(parts.map((name) => [name, readFileSync(join(home, name))])),
    );
    process.env.HF_ENDPOINT = split.url;
    await pullModel('someone/Parts');
    const weightsOf = async (name: string) => (await openModel(name)).manifest.weightsSha256;
    expect(await weightsOf('parts')).toBe(await weightsOf('mine'));
    await split.close();

    const { config, tensors } = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'bert.json'), 'utf8'));
    const names = Object.keys(tensors);
    const part = (own: string[]) =>
      safetensors(Object.fromEntries(own.map((name) => [name, seeded(name, tensors[name])])));
    const half = names.length >> 1;
    const index = Object.fromEntries(
      names.map((name, i) => [name, i < half ? 'model-1.safetensors' : 'model-2.safetensors']),
    );
    const sharded = await fakeHub('someone/Shards', {
      'config.json': Buffer.from(JSON.stringify(config)),
      'tokenizer.json': files['tokenizer.json']!,
      'model.safetensors.index.json': Buffer.from(JSON.stringify({ weight_map: index })),
      'model-1.safetensors': part(names.slice(0, half)),
      'model-2.safetensors': part(names.slice(half)),
    });
    process.env.HF_ENDPOINT = sharded.url;
    expect(await pullModel('someone/Shards')).toMatchObject({ name: 'shards', layers: 5, present: true });
    await sharded.close();
  });

  it('is shown and pulled from by the command line', async () => {
    const [shown, pulled, refused] = await Promise.all([
      cole(['models', 'show', id, '--json']),
      cole(['models', 'pull', id, '--name', 'mine', '--json']),
      cole(['models', 'pull', id, 'other/model', '--name', 'x']),
    ]);
    expect(JSON.parse(shown!.stdout)).toMatchObject({ present: false, license: 'mit' });
    expect(pulled!.stderr).toMatch(/\d MB in 3 files, license mit, sha256 [0-9a-f]{64}/);
    expect(JSON.parse(pulled!.stdout)).toMatchObject({ name: 'mine', present: true });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('one model for --name x, got 2') });
  });

  it('survives kills in the middle, and two processes at once', async () => {
    writeFileSync(join(home, 'pull.mjs'), script());
    hub.delay = 2;
    const start = (killAfter?: number) =>
      new Promise<string>((resolve) => {
        const child = execFile(process.execPath, [join(home, 'pull.mjs')], { env: process.env }, (_, __, error) =>
          resolve(error),
        );
        if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
      });
    await start(500);
    await start(900);
    hub.delay = 0;
    expect(await Promise.all([start(), start()])).toEqual(['', '']);
    expect((await showModel('tiny-bert')).present).toBe(true);
    await openModel('tiny-bert');
    expect(readdirSync(models())).toEqual(['tiny-bert']);
  });
});
