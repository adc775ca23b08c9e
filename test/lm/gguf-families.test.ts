/** The families under llama.cpp's names, against the same golden vectors as their Hugging Face folders. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { configOfGguf, configOfHuggingFace } from '#cole/lm/families/config.js';
import { frequencies } from '#cole/lm/families/rope.js';
import { openGguf } from '#cole/lm/formats/gguf.js';
import { distance, openRunner } from './graphs.js';
import { seeded } from './seeded.js';
import { gguf, type Tensor } from './weight-files.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-gguf-'));
afterAll(() => rmSync(folder, { recursive: true }));

const parts: readonly (readonly [RegExp, string])[] = [
  [/^embed_tokens/, 'token_embd'],
  [/^norm/, 'output_norm'],
  [/^layers\.(\d+)\./, 'blk.$1.'],
  [/input_layernorm/, 'attn_norm'],
  [/post_attention_layernorm/, 'ffn_norm'],
  [/self_attn\.([qkv])_proj/, 'attn_$1'],
  [/self_attn\.([qk])_norm/, 'attn_$1_norm'],
  [/self_attn\.o_proj/, 'attn_output'],
  [/(mlp|block_sparse_moe)\.gate\./, 'ffn_gate_inp.'],
  [/mlp\.(gate|up|down)_proj/, 'ffn_$1'],
];

/** The encoders' names. */
const encoderParts: readonly (readonly [RegExp, string])[] = [
  [/^pooler\..*/, ''],
  [/^embeddings\.word_embeddings/, 'token_embd'],
  [/^embeddings\.position_embeddings/, 'position_embd'],
  [/^embeddings\.token_type_embeddings/, 'token_types'],
  [/^embeddings\.LayerNorm/, 'token_embd_norm'],
  [/^(?:encoder\.)?layers?\.(\d+)\./, 'blk.$1.'],
  [/attention\.self\.(.)\w+/, 'attn_$1'],
  [/attention\.output\.dense|self_attn\.o_proj/, 'attn_output'],
  [/attention\.output\.LayerNorm|post_attention_layernorm/, 'attn_output_norm'],
  [/output\.LayerNorm|post_mlp_layernorm/, 'layer_output_norm'],
  [/intermediate\.dense/, 'ffn_up'],
  [/\.output\.dense/, '.ffn_down'],
  [/mlp\.(gate|up|down)_proj/, 'ffn_$1'],
];

describe.each([
  ['bert', 'bert'],
  ['bert', 'roberta'],
  ['nomic-bert', 'nomic_bert'],
])('%s in GGUF, as %s', (architecture, name) => {
  it('gives the vectors of transformers', async () => {
    const golden = read(name);
    const skipped = name === 'roberta' ? 2 : 0;
    const tensors: Record<string, Tensor> = {};
    for (const [key, shape] of Object.entries(golden.tensors)) {
      const renamed = encoderParts.reduce((text, [from, to]) => text.replace(from, to), key);
      const { data } = seeded(key, shape);
      const isCut = renamed === 'position_embd.weight';
      if (renamed === '') continue;
      tensors[renamed] = isCut
        ? { shape: [shape[0]! - skipped, shape[1]!], data: data.subarray(skipped * shape[1]!) }
        : { shape, data };
    }
    if (name === 'nomic_bert')
      for (let i = 0; i < 5; i++) {
        const three = ['q', 'k', 'v'].map((part) => `blk.${i}.self_attn.${part}_proj.weight`);
        const data = Float32Array.from(three.flatMap((part) => [...tensors[part]!.data]));
        tensors[`blk.${i}.attn_qkv.weight`] = { shape: [192, 64], data };
        for (const part of three) delete tensors[part];
      }
    const fields: Record<string, number | string | { readonly float: number }> = {
      'general.architecture': architecture,
    };
    const values = {
      block_count: 5,
      context_length: 64 - skipped,
      embedding_length: 64,
      feed_forward_length: 48,
      vocab_size: 96,
      'attention.head_count': 4,
      'attention.layer_norm_epsilon': { float: Number(golden.config.layer_norm_eps) },
      ...(name === 'nomic_bert' ? { 'rope.freq_base': { float: 1000 } } : {}),
    };
    for (const [key, value] of Object.entries(values)) fields[`${architecture}.${key}`] = value;
    await expectGolden(name, fields, tensors, golden);
  });
});

/** One tensor of all experts of a layer, for each kind of matrix. */
function stackExperts(tensors: Record<string, Tensor>): void {
  const kinds: Readonly<Record<string, string>> = { w1: 'gate', w3: 'up', w2: 'down' };
  const stacks = new Map<string, Tensor[]>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const [, layer, kind] = /^blk\.(\d+)\..*experts\.\d+\.(\w+?)(?:_proj)?\.weight$/.exec(name) ?? [];
    if (kind === undefined) continue;
    delete tensors[name];
    const stacked = `blk.${layer}.ffn_${kinds[kind] ?? kind}_exps.weight`;
    stacks.set(stacked, [...(stacks.get(stacked) ?? []), tensor]);
  }
  for (const [name, all] of stacks)
    tensors[name] = {
      shape: [all.length, ...all[0]!.shape],
      data: Float32Array.from(all.flatMap(({ data }) => [...data])),
    };
}

/** Row i of the first half of a head goes to 2 i, row i of the second half to 2 i + 1. */
function paired({ shape, data }: Tensor, headSize: number): Tensor {
  const columns = shape[1]!;
  const out = new Float32Array(data.length);
  for (let row = 0; row < shape[0]!; row++) {
    const inHead = row % headSize;
    const to = row - inHead + 2 * (inHead % (headSize / 2)) + Math.floor(inHead / (headSize / 2));
    out.set(data.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return { shape, data: out };
}

interface Golden {
  config: Record<string, unknown>;
  tensors: Record<string, number[]>;
  texts: { ids: number[]; vectors: Record<string, number[]> }[];
}

function read(name: string): Golden {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'golden', `${name}.json`), 'utf8')) as Golden;
}

async function expectGolden(
  name: string,
  metadata: Parameters<typeof gguf>[0],
  tensors: Readonly<Record<string, Tensor>>,
  { texts }: Golden,
): Promise<void> {
  const path = join(folder, `${name}.gguf`);
  writeFileSync(path, gguf(metadata, tensors));
  const source = await openGguf(path);
  const config = configOfGguf(source.metadata, path);
  const runner = await openRunner(config, source, ['mean', 'avg_avg'], join(folder, name));
  const got = await runner.run(
    texts.map(({ ids }) => ids),
    1000,
  );
  texts.forEach(({ vectors }, text) => {
    for (const pooling of ['mean', 'avg_avg'])
      expect(distance(got[text]![pooling]!, vectors[pooling]!)).toBeLessThan(1e-4);
  });
  await runner.close();
  await source.close();
}

type Extra = Readonly<Record<string, number | string | { readonly float: number }>>;
const stretched: Extra = { 'rope.scaling.factor': { float: 4 }, 'rope.scaling.original_context_length': 16 };

describe.each<readonly [string, string, Extra]>([
  ['llama', 'llama', {}],
  ['llama', 'llama-heads', { 'attention.key_length': 32 }],
  ['llama', 'llama-llama3', {}],
  ['llama', 'llama-linear', { 'rope.scaling.type': 'linear', 'rope.scaling.factor': { float: 4 } }],
  ['llama', 'llama-yarn', { 'rope.scaling.type': 'yarn', ...stretched }],
  ['llama', 'mixtral', { expert_count: 4, expert_used_count: 2 }],
  ['qwen3moe', 'qwen3_moe', { expert_count: 6, expert_used_count: 3, expert_feed_forward_length: 32 }],
  ['qwen2', 'qwen2-full', {}],
  ['qwen3', 'qwen3', { 'attention.key_length': 32 }],
])('%s in GGUF, as %s', (architecture, name, extra) => {
  const golden = read(name);
  const size = Number(extra['attention.key_length'] ?? 16);
  const metadata: Record<string, number | string | { readonly float: number }> = {
    'general.architecture': architecture,
  };
  for (const [key, value] of Object.entries<Extra[string]>({
    block_count: 5,
    context_length: 64,
    embedding_length: 64,
    feed_forward_length: 48,
    vocab_size: 96,
    'attention.head_count': 4,
    'attention.head_count_kv': 2,
    'attention.layer_norm_rms_epsilon': { float: Number(golden.config.rms_norm_eps) },
    'rope.freq_base': { float: (golden.config.rope_parameters as { rope_theta: number }).rope_theta },
    'rope.dimension_count': size,
    ...extra,
  }))
    metadata[`${architecture}.${key}`] = value;

  it('gives the vectors of transformers', async () => {
    const tensors: Record<string, Tensor> = {};
    for (const [key, shape] of Object.entries(golden.tensors)) {
      const renamed = parts.reduce((text, [from, to]) => text.replace(from, to), key);
      const drawn = seeded(key, shape);
      const isPaired = architecture === 'llama' && /attn_[qk]\./.test(renamed);
      tensors[renamed] = isPaired ? paired(drawn, size) : drawn;
    }
    stackExperts(tensors);
    if (name === 'llama-llama3') {
      const { ropeScaling } = configOfHuggingFace(golden.config, name);
      const [plain, scaled] = [frequencies(16, 10_000, undefined), frequencies(16, 10_000, ropeScaling)];
      tensors['rope_freqs.weight'] = { shape: [8], data: plain.map((each, i) => each / scaled[i]!) };
    }
    await expectGolden(name, metadata, tensors, golden);
  });

  it.each<readonly [Extra, RegExp]>([
    [{ 'rope.scaling.type': 'longrope' }, /rope\.scaling\.type .* "longrope"/],
    [{ 'attention.sliding_window': 4096 }, /none for .*attention\.sliding_window/],
    [{ 'rope.dimension_count': 8 }, /rope\.dimension_count/],
    [{ 'attention.head_count': 0 }, /positive number for .*head_count/],
  ])('with %j is refused by name', (changed, message) => {
    const fields = { ...metadata };
    for (const [key, value] of Object.entries(changed)) fields[`${architecture}.${key}`] = value;
    expect(() => configOfGguf(plainOf(fields), 'x.gguf')).toThrow(message);
  });
});

/** Metadata as the reader gives it. */
function plainOf(fields: Extra): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'object' ? value.float : value]),
  );
}

it('GGUF files of other families are refused by name', () => {
  expect(() => configOfGguf({ 'general.architecture': 'gemma2' }, 'x.gguf')).toThrow(
    /family llama, qwen2, .* or nomic_bert in x\.gguf, got gemma2/,
  );
});
