/** The weights of decoders with rotary positions, under llama.cpp's and Hugging Face's names. */
import type { TensorSource } from '../formats/source.js';
import { headSizeOf, type ModelConfig } from './model.js';
import { addRotary } from './rope.js';
import { type Rows, WeightList, type WeightSpec } from './weights.js';

/** What a family has beyond the blocks that all of them share. */
export interface DecoderParts {
  /** Biases of queries, keys and values. */
  readonly qkvBias?: boolean;
  /** RMS norms over each head's queries and keys. */
  readonly headNorms?: boolean;
  /**
   * llama.cpp stores the rows of a query or key head as pairs (i, i + half) side by side, for its rotation of neighbours;
   * Hugging Face rotates halves, and so do we.
   */
  readonly pairedInGguf?: boolean;
  /** Names of the experts' block in a layer and of their matrices, in Hugging Face's files. */
  readonly expertNames?: { readonly block: string; readonly gate: string; readonly up: string; readonly down: string };
}

type LayerPart = keyof typeof ggufLayer;
interface Names {
  readonly embedding: string;
  readonly finalNorm: string;
  layer(index: number, part: LayerPart): string;
  readonly unused: RegExp;
}

const ggufLayer = {
  attentionNorm: 'attn_norm',
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  qNorm: 'attn_q_norm',
  kNorm: 'attn_k_norm',
  o: 'attn_output',
  mlpNorm: 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
};
const huggingFaceLayer: Record<LayerPart, string> = {
  attentionNorm: 'input_layernorm',
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  qNorm: 'self_attn.q_norm',
  kNorm: 'self_attn.k_norm',
  o: 'self_attn.o_proj',
  mlpNorm: 'post_attention_layernorm',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};

const ggufNames: Names = {
  embedding: 'token_embd',
  finalNorm: 'output_norm',
  layer: (i, part) => `blk.${i}.${ggufLayer[part]}`,
  unused: /^output\.weight$/,
};
/** Causal models put the bare model under `model.`, bare ones are stored without. */
const huggingFaceNames = (prefix: string): Names => ({
  embedding: `${prefix}embed_tokens`,
  finalNorm: `${prefix}norm`,
  layer: (i, part) => `${prefix}layers.${i}.${huggingFaceLayer[part]}`,
  unused: /^lm_head\.weight$|\.rotary_emb\.inv_freq$/,
});

export function decoderWeights(config: ModelConfig, source: TensorSource, parts: DecoderParts): WeightSpec[] {
  const list = new WeightList(source, config.family);
  const isGguf = list.has('token_embd.weight');
  const prefix = list.has('embed_tokens.weight') ? '' : 'model.';
  const names = isGguf ? ggufNames : huggingFaceNames(prefix);
  const { hidden, heads, kvHeads } = config;
  const headSize = headSizeOf(config);
  list.tensor('embedding', `${names.embedding}.weight`, config.vocabulary, hidden);
  list.tensor('norm', `${names.finalNorm}.weight`, hidden);
  // Llama 3.1 in GGUF: the stretching of each frequency as a tensor.
  const divisors = list.has('rope_freqs.weight') ? list.reader('rope_freqs.weight', headSize / 2) : undefined;
  addRotary(list, config, '', config.ropeTheta, divisors);
  for (let i = 0; i < config.layers; i++) {
    const from = (part: LayerPart, kind = 'weight') => `${names.layer(i, part)}.${kind}`;
    const rotated = (part: 'q' | 'k', count: number, kind = 'weight') => {
      const rows = { from: from(part, kind), rows: count * headSize };
      const arrange = (values: Float32Array) => unpaired(values, headSize, values.length / rows.rows);
      return isGguf && parts.pairedInGguf ? { ...rows, arrange } : rows;
    };
    list.tensor(`${i}.attention.norm`, from('attentionNorm'), hidden);
    const value = { from: from('v'), rows: kvHeads * headSize };
    list.matrix(`${i}.attention.qkv`, hidden, rotated('q', heads), rotated('k', kvHeads), value);
    if (parts.qkvBias) {
      const bias = { from: from('v', 'bias'), rows: kvHeads * headSize };
      list.vector(`${i}.attention.qkv.bias`, rotated('q', heads, 'bias'), rotated('k', kvHeads, 'bias'), bias);
    }
    if (parts.headNorms) {
      list.tensor(`${i}.attention.q.norm`, from('qNorm'), headSize);
      list.tensor(`${i}.attention.k.norm`, from('kNorm'), headSize);
    }
    list.matrix(`${i}.attention.out`, heads * headSize, { from: from('o'), rows: hidden });
    list.tensor(`${i}.mlp.norm`, from('mlpNorm'), hidden);
    const part = (name: 'gate' | 'up' | 'down') => ({ from: from(name) });
    if (!config.experts) addMlp(list, config, `${i}.mlp`, part);
    else if (isGguf) addStackedExperts(list, config, i);
    else addExperts(list, config, i, `${prefix}layers.${i}`, parts.expertNames!);
  }
  return list.finish(names.unused);
}

function addMlp(
  list: WeightList,
  { hidden, intermediate }: ModelConfig,
  name: string,
  part: (name: 'gate' | 'up' | 'down') => Pick<Rows, 'from' | 'stacked'>,
): void {
  list.matrix(`${name}.gate`, hidden, { ...part('gate'), rows: intermediate });
  list.matrix(`${name}.up`, hidden, { ...part('up'), rows: intermediate });
  list.matrix(`${name}.down`, intermediate, { ...part('down'), rows: hidden });
}

/** llama.cpp puts the experts of a layer into one tensor for each kind of matrix. */
function addStackedExperts(list: WeightList, config: ModelConfig, layer: number): void {
  const { count } = config.experts!;
  const from = (part: string) => `blk.${layer}.ffn_${part}.weight`;
  list.matrix(`${layer}.router`, config.hidden, { from: from('gate_inp'), rows: count });
  for (let index = 0; index < count; index++)
    addMlp(list, config, `${layer}.mlp.${index}`, (part) => ({
      from: from(`${part}_exps`),
      stacked: { index, of: count },
    }));
}

function addExperts(
  list: WeightList,
  config: ModelConfig,
  layer: number,
  prefix: string,
  names: NonNullable<DecoderParts['expertNames']>,
): void {
  const block = `${prefix}.${names.block}`;
  list.matrix(`${layer}.router`, config.hidden, { from: `${block}.gate.weight`, rows: config.experts!.count });
  for (let e = 0; e < config.experts!.count; e++) {
    addMlp(list, config, `${layer}.mlp.${e}`, (part) => ({ from: `${block}.experts.${e}.${names[part]}.weight` }));
  }
}

/** Rows 2 i and 2 i + 1 of a head become rows i and i + half. */
function unpaired(values: Float32Array, headSize: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  const half = headSize / 2;
  for (let row = 0; row * columns < values.length; row++) {
    const inHead = row % headSize;
    const to = row - inHead + (inHead % 2) * half + (inHead >> 1);
    out.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return out;
}
