/**
 * Batches for causal models. A state at a prefix does not depend on what follows, so texts that begin alike are put into
 * one batch, as a tree whose nodes are computed once. With texts sorted by their ids, each shares its longest prefix with
 * its neighbour.
 */
import type { PlannedBatch } from './batches.js';
import type { EncodedBatch } from './tokenizer/index.js';

/**
 * Bounds beside the one on nodes: texts times padded length (gathered queries, keys and values), and that times the
 * length again (attention weights; times 4 bytes and heads).
 */
const positionsPerNode = 8;
const attentionLimit = 2 ** 21;
/**
 * Texts are padded to a multiple: fewer shapes, and never a length of 1 more than a multiple of 128, where the runtime's
 * matrix product takes another path and the last bits of the last token differ.
 */
const multiple = 8;

/** `lengths`: of each text in `encoded`, at most its tokens. At most `limit` nodes a batch, but for a longer single text. */
export function planPrefixBatches(encoded: EncodedBatch, lengths: readonly number[], limit: number): PlannedBatch[] {
  const { ids, offsets } = encoded;
  const shared = (a: number, b: number): number => {
    const end = Math.min(lengths[a]!, lengths[b]!);
    let t = 0;
    while (t < end && ids[offsets[a]! + t] === ids[offsets[b]! + t]) t++;
    return t;
  };
  const compare = (a: number, b: number): number => {
    const t = shared(a, b);
    if (t === lengths[a] || t === lengths[b]) return lengths[a]! - lengths[b]!;
    return ids[offsets[a]! + t]! - ids[offsets[b]! + t]!;
  };
  const batches: PlannedBatch[] = [];
  let texts: number[] = [];
  let nodes = 0;
  let longest = 0;
  const finish = () => {
    if (texts.length > 0) batches.push(prefixBatch(encoded, lengths, texts, shared, padded(longest)));
    texts = [];
    nodes = 0;
    longest = 0;
  };
  for (const text of lengths.map((_, index) => index).sort(compare)) {
    const length = lengths[text]!;
    const previous = texts.at(-1);
    const added = length - (previous === undefined ? 0 : shared(previous, text));
    const width = padded(Math.max(longest, length));
    const positions = (texts.length + 1) * width;
    if (nodes + added > limit || positions > positionsPerNode * limit || positions * width > attentionLimit) finish();
    nodes += texts.length === 0 ? length : added;
    longest = Math.max(longest, length);
    texts.push(text);
  }
  finish();
  return batches;
}

function padded(length: number): number {
  return Math.ceil(length / multiple) * multiple;
}

function prefixBatch(
  { ids, offsets }: EncodedBatch,
  lengths: readonly number[],
  texts: readonly number[],
  shared: (a: number, b: number) => number,
  width: number,
): PlannedBatch {
  const starts = texts.map((text, row) => (row === 0 ? 0 : shared(texts[row - 1]!, text)));
  const tokens = texts.reduce((sum, text) => sum + lengths[text]!, 0);
  const nodes = texts.reduce((sum, text, row) => sum + lengths[text]! - starts[row]!, 0);
  const feeds = () => {
    const nodeIds = new BigInt64Array(nodes);
    /** Of each node, one of the places in the texts where it is. */
    const positions = new BigInt64Array(nodes);
    const rows = new BigInt64Array(texts.length * width);
    const ends = new BigInt64Array(texts.length);
    const mask = new Float32Array(texts.length * width);
    let node = 0;
    texts.forEach((text, row) => {
      const at = row * width;
      const length = lengths[text]!;
      for (let t = 0; t < length; t++) {
        if (t < starts[row]!) rows[at + t] = rows[at - width + t]!;
        else {
          nodeIds[node] = BigInt(ids[offsets[text]! + t]!);
          positions[node] = BigInt(at + t);
          rows[at + t] = BigInt(node++);
        }
        mask[at + t] = 1;
      }
      ends[row] = rows[at + length - 1]!;
    });
    return {
      node_ids: { type: 'int64', data: nodeIds, dims: [nodes] },
      positions: { type: 'int64', data: positions, dims: [nodes] },
      rows: { type: 'int64', data: rows, dims: [texts.length, width] },
      ends: { type: 'int64', data: ends, dims: [texts.length] },
      mask: { type: 'float32', data: mask, dims: [texts.length, 1, width] },
    } as const;
  };
  return { texts, tokens, computed: nodes, feeds };
}
