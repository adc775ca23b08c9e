/** Every family against transformers, on small models with weights that both sides draw (scripts/lm-golden.py). */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { configOfHuggingFace, families } from '#cole/lm/families/config.js';
import { poolingWidth } from '#cole/lm/families/poolings.js';
import { openSafetensors } from '#cole/lm/formats/safetensors.js';
import { distance, openRunner } from './graphs.js';
import { seeded } from './seeded.js';
import { safetensors, type Tensor } from './weight-files.js';

interface Golden {
  readonly config: Record<string, unknown>;
  readonly tensors: Readonly<Record<string, number[]>>;
  readonly texts: readonly { readonly ids: number[]; readonly vectors: Readonly<Record<string, number[]>> }[];
}

const golden = join(import.meta.dirname, 'golden');
const names = readdirSync(golden).map((name) => name.replace('.json', ''));
const folder = mkdtempSync(join(tmpdir(), 'cole-families-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(name: string): Golden {
  return JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8')) as Golden;
}

async function open(name: string, tensors: Readonly<Record<string, number[]>>) {
  const drawn: Record<string, Tensor> = {};
  for (const [key, shape] of Object.entries(tensors)) drawn[key] = seeded(key, shape);
  const path = join(folder, `${name}.safetensors`);
  writeFileSync(path, safetensors(drawn));
  return openSafetensors(path);
}

describe.each(names)('%s', (name) => {
  it('gives the vectors of transformers for every pooling, alone and in batches', async () => {
    const { config: fields, tensors, texts } = read(name);
    const config = configOfHuggingFace(fields, name);
    const source = await open(name, tensors);
    const outputs = Object.keys(texts[0]!.vectors);
    const runner = await openRunner(config, source, outputs, join(folder, name));
    const ids = texts.map((text) => text.ids);
    const [alone, together] = [await runner.run(ids, 1), await runner.run(ids, 1000)];
    alone.forEach((vectors, text) => {
      for (const pooling of outputs) expect(distance(together[text]![pooling]!, vectors[pooling]!)).toBeLessThan(1e-5);
    });
    for (const got of [alone, together])
      texts.forEach(({ vectors }, text) => {
        for (const pooling of outputs) {
          const what = `${pooling} of ${ids[text]!.length} tokens`;
          expect(got[text]![pooling]!.length).toBe(poolingWidth(pooling, config));
          expect(distance(got[text]![pooling]!, vectors[pooling]!), what).toBeLessThan(1e-4);
        }
      });
    await runner.close();
    await source.close();
  });

  // Variants of a family differ in tables of angles alone.
  it.skipIf(name.includes('-'))('gives each pooling the same bits alone and beside all others', async () => {
    const { config: fields, tensors, texts } = read(name);
    const config = configOfHuggingFace(fields, name);
    const source = await open(name, tensors);
    const outputs = ['mean', 'last_token', 'avg_avg', 'mid', 'multi_layer', 'layer:0'];
    const ids = texts.map((text) => text.ids);
    const run = async (asked: readonly string[]) => {
      const runner = await openRunner(config, source, asked, join(folder, `${name}-bits`));
      const got = await runner.run(ids, 1000);
      await runner.close();
      return got;
    };
    const together = await run(outputs);
    for (const pooling of outputs)
      expect(await run([pooling])).toEqual(together.map((vectors) => ({ [pooling]: vectors[pooling] })));
    await source.close();
  });
});

/** A description that is changed in one field, and what the refusal names. */
const refused: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ['llama', { model_type: 'gemma' }, /family llama, .* or nomic_bert in .*, got gemma/],
  ['llama', { model_type: undefined }, /got undefined/],
  ['llama', { hidden_act: 'gelu' }, /silu for hidden_act .* "gelu"/],
  ['llama', { attention_bias: true }, /attention_bias/],
  ['llama', { mlp_bias: true }, /mlp_bias/],
  ['llama', { attn_logit_softcapping: 30 }, /attn_logit_softcapping/],
  ['llama', { quantization_config: { quant_method: 'gptq' } }, /quantization_config .*gptq/],
  ['llama', { partial_rotary_factor: 0.5 }, /partial_rotary_factor/],
  ['llama', { rope_parameters: { rope_type: 'longrope', factor: 2 } }, /yarn .* got longrope/],
  ['llama', { rope_parameters: { rope_type: 'linear' } }, /positive number for factor/],
  ['llama', { rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.5 } }, /partial_rotary_factor/],
  ['llama', { num_key_value_heads: 3 }, /sizes that divide/],
  ['llama', { num_hidden_layers: 2.5 }, /1 to 1000 for num_hidden_layers .* got 2\.5/],
  ['modernbert', { num_hidden_layers: 1e9 }, /1 to 1000 for num_hidden_layers/],
  ['llama', { vocab_size: '96' }, /positive number for vocab_size/],
  ['llama', { head_dim: 24 }, /multiple of 16 values/],
  ['mixtral', { num_experts_per_tok: 9 }, /whole numbers of experts/],
  ['qwen3_moe', { norm_topk_prob: false }, /true for norm_topk_prob/],
  ['qwen3_moe', { mlp_only_layers: [0] }, /experts in every layer/],
  ['qwen2', { layer_types: ['linear_attention'] }, /full_attention or sliding_attention/],
  ['bert', { hidden_act: 'gelu_new' }, /gelu for hidden_act/],
  ['bert', { position_embedding_type: 'relative_key' }, /position_embedding_type/],
  ['bert', { is_decoder: true }, /is_decoder/],
  ['roberta', { pad_token_id: 0 }, /1 for pad_token_id/],
  ['modernbert', { hidden_activation: 'relu' }, /hidden_activation/],
  ['modernbert', { norm_bias: true }, /norm_bias/],
  ['nomic_bert', { n_embd: 64 }, /swiglu for activation_function/],
];

describe('descriptions', () => {
  it.each(refused)('of a %s with %j are refused by name', (name, changed, message) => {
    const { config } = read(name);
    expect(() => configOfHuggingFace({ ...config, ...changed }, 'config.json')).toThrow(message);
  });

  it('of older files say the same in other words', () => {
    const fields = (name: string, changed: object) => ({
      ...read(name).config,
      rope_parameters: undefined,
      ...changed,
    });
    const scaling = { type: 'linear', factor: 4 };
    expect(configOfHuggingFace(fields('llama-linear', { rope_theta: 10_000, rope_scaling: scaling }), 'x')).toEqual(
      configOfHuggingFace(read('llama-linear').config, 'x'),
    );
    const modern = { layer_types: undefined, global_rope_theta: 160_000, local_rope_theta: 10_000 };
    expect(configOfHuggingFace(fields('modernbert', modern), 'x')).toEqual(
      configOfHuggingFace(read('modernbert').config, 'x'),
    );
  });
});

it('positions of a model for endless texts end where its tables do', () => {
  const fields = { ...read('llama').config, max_position_embeddings: 2 ** 40 };
  expect(configOfHuggingFace(fields, 'x').positions).toBe(2 ** 17);
});

describe('a Mistral without a word on its window', () => {
  it.each([
    [undefined, 4095],
    [null, undefined],
    [100_000, undefined],
  ])('sliding_window %s sees %s back', (size, window) => {
    const fields = { ...read('mistral').config, max_position_embeddings: 8192, sliding_window: size };
    expect(configOfHuggingFace(fields, 'x').window).toBe(window);
  });
});

describe('files of other names', () => {
  const renamings: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
    bert: [
      [/LayerNorm\.weight$/, 'LayerNorm.gamma'],
      [/LayerNorm\.bias$/, 'LayerNorm.beta'],
      [/^/, 'bert.'],
    ],
    llama: [[/^/, 'model.']],
    modernbert: [[/^/, 'model.']],
    nomic_bert: [
      [/^embeddings\.LayerNorm/, 'emb_ln'],
      [/^layers/, 'encoder.layers'],
      [/self_attn\.o_proj/, 'attn.out_proj'],
      [/up_proj/, 'fc11'],
      [/gate_proj/, 'fc12'],
      [/down_proj/, 'fc2'],
      [/post_attention_layernorm/, 'norm1'],
      [/post_mlp_layernorm/, 'norm2'],
    ],
  };
  const originalNomic = {
    model_type: 'nomic_bert',
    n_embd: 64,
    n_head: 4,
    n_layer: 5,
    n_inner: 48,
    n_positions: 64,
    vocab_size: 96,
    layer_norm_epsilon: 1e-12,
    rotary_emb_base: 1000,
    rotary_emb_fraction: 1,
    activation_function: 'swiglu',
    ...Object.fromEntries(
      ['qkv_proj_bias', 'mlp_fc1_bias', 'mlp_fc2_bias', 'prenorm', 'use_rms_norm'].map((field) => [field, false]),
    ),
  };

  it.each(Object.keys(renamings))('give a %s the same vectors', async (name) => {
    const { config: fields, tensors, texts } = read(name);
    const renamed: Record<string, Tensor> = {};
    for (const [key, shape] of Object.entries(tensors))
      renamed[renamings[name]!.reduce((text, [from, to]) => text.replace(from, to), key)] = seeded(key, shape);
    if (name === 'nomic_bert')
      for (let i = 0; i < 5; i++) {
        const parts = ['q', 'k', 'v'].map((part) => `encoder.layers.${i}.self_attn.${part}_proj.weight`);
        const data = Float32Array.from(parts.flatMap((part) => [...renamed[part]!.data]));
        renamed[`encoder.layers.${i}.attn.Wqkv.weight`] = { shape: [192, 64], data };
        for (const part of parts) delete renamed[part];
      }
    const path = join(folder, `${name}-renamed.safetensors`);
    writeFileSync(path, safetensors(renamed));
    const source = await openSafetensors(path);
    const config = configOfHuggingFace(name === 'nomic_bert' ? originalNomic : fields, name);
    const runner = await openRunner(config, source, ['avg_avg'], join(folder, `${name}-renamed`));
    const got = await runner.run(
      texts.map(({ ids }) => ids),
      100,
    );
    texts.forEach(({ vectors }, text) => {
      expect(distance(got[text]!.avg_avg!, vectors.avg_avg!)).toBeLessThan(1e-4);
    });
    await runner.close();
    await source.close();
  });
});

describe('poolings', () => {
  it('exist for any number of layers', () => {
    for (const layers of [1, 2, 3, 4, 31]) {
      const config = { layers, hidden: 7 };
      for (const name of ['mean', 'last_token', 'avg_avg', 'mid', 'layer:0', `layer:${layers}`])
        expect(poolingWidth(name, config)).toBe(7);
      expect(poolingWidth('multi_layer', config)).toBe(7 * (1 + Math.floor(layers / 4)));
      expect(() => poolingWidth(`layer:${layers + 1}`, config)).toThrow(`a layer of 0 to ${layers}`);
      expect(() => poolingWidth('max', config)).toThrow(/multi_layer, mid or layer:K, got max/);
    }
  });

  it('may leave the embedding layer out of the mean over all', async () => {
    const { config: fields, tensors, texts } = read('bert');
    const config = configOfHuggingFace(fields, 'bert');
    const source = await open('without', tensors);
    const runner = await openRunner(config, source, ['avg_avg', 'layer:0'], join(folder, 'without'), false);
    const ids = texts.map((text) => text.ids);
    const got = await runner.run(ids, 100);
    texts.forEach(({ vectors }, text) => {
      const rest = vectors.avg_avg!.map((value, i) => (6 * value - got[text]!['layer:0']![i]!) / 5);
      expect(distance(got[text]!.avg_avg!, rest)).toBeLessThan(1e-4);
    });
    await runner.close();
    await source.close();
  });
});

describe('weights', () => {
  it.each(names)('of a %s are refused where one is missing, unknown or of another shape', async (name) => {
    const { config: fields, tensors } = read(name);
    const config = configOfHuggingFace(fields, name);
    const { weights } = families[config.family]!;
    const keys = Object.keys(tensors);
    for (const key of [keys[keys.length >> 1]!, keys.find((each) => /norm/i.test(each))!]) {
      const { [key]: shape, ...rest } = tensors;
      const extra = `${key}_extra`;
      const cases: [Record<string, number[]>, string][] = [
        [rest, `expected tensor ${key} in`],
        [{ ...tensors, [extra]: [3] }, `got ${extra}`],
        [{ ...tensors, [key]: [...shape!, 1] }, `expected shape ${shape} for tensor ${key}, got ${shape},1`],
      ];
      for (const [changed, message] of cases) {
        const source = await open('changed', changed);
        expect(() => weights(config, source)).toThrow(message);
        await source.close();
      }
    }
  });
});
