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
  ['llama', { num_hidden_layers: 2.5 }, /sizes that divide/],
  ['llama', { vocab_size: '96' }, /positive number for vocab_size/],
  ['llama', { head_dim: 24 }, /multiple of 16 values/],
  ['mixtral', { num_experts_per_tok: 9 }, /whole numbers of experts/],
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
