/** Small models with random weights, written as their makers would: Hugging Face folders and GGUF files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from '#cole/base/index.js';
import { gguf, safetensors, type Tensor } from './weight-files.js';

const hidden = 64;
const heads = 4;
const kvHeads = 2;
const intermediate = 48;
const layers = 2;
const positions = 64;
const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  'conv',
  'pool',
  'skip',
  'relu',
  '##2',
  '##d',
  '(',
  ')',
  ',',
  '3',
  '5',
];

export function random(...shape: number[]): Tensor {
  const rng = stream('tiny', ...shape, counter++);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, () => 0.3 * rng.normal()) };
}
let counter = 0;

/** `draw`: other weights for another one. */
export function tinyBert(folder: string, draw = 0): void {
  counter = draw;
  const tensors: Record<string, Tensor> = {
    'embeddings.word_embeddings.weight': random(words.length, hidden),
    'embeddings.position_embeddings.weight': random(positions, hidden),
    'embeddings.token_type_embeddings.weight': random(2, hidden),
    'embeddings.LayerNorm.weight': random(hidden),
    'embeddings.LayerNorm.bias': random(hidden),
  };
  for (let i = 0; i < layers; i++) {
    const add = (name: string, ...shape: number[]) => {
      tensors[`encoder.layer.${i}.${name}.weight`] = random(...shape);
      tensors[`encoder.layer.${i}.${name}.bias`] = random(shape[0]!);
    };
    for (const part of ['query', 'key', 'value']) add(`attention.self.${part}`, hidden, hidden);
    add('attention.output.dense', hidden, hidden);
    add('attention.output.LayerNorm', hidden);
    add('intermediate.dense', intermediate, hidden);
    add('output.dense', hidden, intermediate);
    add('output.LayerNorm', hidden);
  }
  tensors['pooler.dense.weight'] = random(hidden, hidden);
  tensors['pooler.dense.bias'] = random(hidden);
  const config = {
    model_type: 'bert',
    hidden_act: 'gelu',
    num_hidden_layers: layers,
    hidden_size: hidden,
    num_attention_heads: heads,
    intermediate_size: intermediate,
    vocab_size: words.length,
    max_position_embeddings: positions,
    layer_norm_eps: 1e-12,
  };
  const id = (token: string) => words.indexOf(token);
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content) => ({
      id: id(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [id('[CLS]')], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [id('[SEP]')], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, index) => [word, index])),
    },
  };
  writeFolder(folder, config, tokenizer, tensors);
}

/** The letters of byte-level BPE for the printable ASCII characters, and Ġ for the space. */
const letters = [...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)), 'Ġ', 'Ċ'];
const merges = ['c o', 'n v', 'co nv'];
const pieces = [...letters, ...merges.map((merge) => merge.replace(' ', ''))];

interface Llama {
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Weights under Hugging Face's names. */
function llamaTensors(): Llama['tensors'] {
  counter = 0;
  const tensors: Record<string, Tensor> = {
    'model.embed_tokens.weight': random(pieces.length, hidden),
    'model.norm.weight': random(hidden),
    'lm_head.weight': random(pieces.length, hidden),
  };
  const kv = (hidden / heads) * kvHeads;
  for (let i = 0; i < layers; i++) {
    const add = (name: string, ...shape: number[]) => {
      tensors[`model.layers.${i}.${name}.weight`] = random(...shape);
    };
    add('input_layernorm', hidden);
    add('self_attn.q_proj', hidden, hidden);
    add('self_attn.k_proj', kv, hidden);
    add('self_attn.v_proj', kv, hidden);
    add('self_attn.o_proj', hidden, hidden);
    add('post_attention_layernorm', hidden);
    add('mlp.gate_proj', intermediate, hidden);
    add('mlp.up_proj', intermediate, hidden);
    add('mlp.down_proj', hidden, intermediate);
  }
  return tensors;
}

export function tinyLlamaFolder(folder: string, changed: Readonly<Record<string, unknown>> = {}): void {
  const config = {
    model_type: 'llama',
    hidden_act: 'silu',
    num_hidden_layers: layers,
    hidden_size: hidden,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: intermediate,
    vocab_size: pieces.length,
    max_position_embeddings: positions,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    ...changed,
  };
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: Object.fromEntries(pieces.map((piece, index) => [piece, index])), merges },
  };
  writeFolder(folder, config, tokenizer, llamaTensors());
}

function writeFolder(
  folder: string,
  config: object,
  tokenizer: object,
  tensors: Readonly<Record<string, Tensor>>,
): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(join(folder, 'model.safetensors'), safetensors(tensors));
}

/** The same model as llama.cpp converts it: other names, rows of queries and keys interleaved. */
/** `parts`: over so many files, named as llama.cpp does. */
export function tinyLlamaGguf(path: string, parts = 1): void {
  const renamed: Record<string, string> = {
    input_layernorm: 'attn_norm',
    'self_attn.q_proj': 'attn_q',
    'self_attn.k_proj': 'attn_k',
    'self_attn.v_proj': 'attn_v',
    'self_attn.o_proj': 'attn_output',
    post_attention_layernorm: 'ffn_norm',
    'mlp.gate_proj': 'ffn_gate',
    'mlp.up_proj': 'ffn_up',
    'mlp.down_proj': 'ffn_down',
  };
  const tensors: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(llamaTensors())) {
    const [, layer, part] = /^model\.layers\.(\d+)\.(.*)\.weight$/.exec(name) ?? [];
    if (part === undefined) {
      const top = {
        'model.embed_tokens.weight': 'token_embd',
        'model.norm.weight': 'output_norm',
        'lm_head.weight': 'output',
      };
      tensors[`${top[name as keyof typeof top]}.weight`] = tensor;
    } else {
      const paired = part === 'self_attn.q_proj' || part === 'self_attn.k_proj';
      tensors[`blk.${layer}.${renamed[part]}.weight`] = paired ? interleaved(tensor) : tensor;
    }
  }
  const metadata = {
    'general.architecture': 'llama',
    'general.license': 'mit',
    'llama.block_count': layers,
    'llama.context_length': positions,
    'llama.embedding_length': hidden,
    'llama.feed_forward_length': intermediate,
    'llama.attention.head_count': heads,
    'llama.attention.head_count_kv': kvHeads,
    'llama.attention.layer_norm_rms_epsilon': { float: 1e-5 },
    'llama.rope.freq_base': { float: 10_000 },
    'llama.rope.dimension_count': hidden / heads,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'gpt-2',
    'tokenizer.ggml.tokens': pieces,
    'tokenizer.ggml.merges': merges,
    'tokenizer.ggml.token_type': pieces.map(() => 1),
  };
  if (parts === 1) {
    writeFileSync(path, gguf(metadata, tensors));
    return;
  }
  for (let at = 0; at < parts; at++) {
    const own = Object.entries(tensors).filter((_, index) => index % parts === at);
    const about = { 'split.no': at, 'split.count': parts, ...(at === 0 && metadata) };
    const number = (value: number) => String(value).padStart(5, '0');
    const part = path.replace(/\.gguf$/, `-${number(at + 1)}-of-${number(parts)}.gguf`);
    writeFileSync(part, gguf(about, Object.fromEntries(own)));
  }
}

/** Row i of the first half of a head goes to 2 i, row i of the second half to 2 i + 1. */
function interleaved({ shape, data }: Tensor): Tensor {
  const size = hidden / heads;
  const out = new Float32Array(data.length);
  const rows = shape[0]!;
  for (let row = 0; row < rows; row++) {
    const inHead = row % size;
    const to = row - inHead + 2 * (inHead % (size / 2)) + Math.floor(inHead / (size / 2));
    out.set(data.subarray(row * hidden, (row + 1) * hidden), to * hidden);
  }
  return { shape, data: out };
}
