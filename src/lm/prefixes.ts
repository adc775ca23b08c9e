/**
 * Batches for causal models. A state at a prefix does not depend on what follows, so texts that begin alike are put into
 * one batch, as a tree whose nodes are computed once. With texts sorted by their ids, each shares its longest prefix with
 * its neighbour.
 */
import type { Feed, PlannedBatch, Sequences } from './batches.js';
import { segmentGroups } from './families/tree-attention.js';

/** Bounds beside the one on nodes: texts times padded length per node, and attention weights of a head. */
const positionsPerNode = 8;
const weightsLimit = 2 ** 20;
/**
 * Texts are padded to a multiple. The runtime adds up the attention weights of a query by 64 at a time and what is left in
 * another order; with nothing left a vector does not depend on the longest text of its batch.
 */
const multiple = 64;
/** Nodes of a segment; the fastest choice depends on how many nodes texts have of their own. */
const segmentSizes = [8, 16, 32, 64];
/** Cost of a segment, whatever its size, as that of so many nodes: its keys and values are copied. */
const segmentCost = 8;

/** At most `limit` nodes a batch, but for a longer single text. */
export function planPrefixBatches(sequences: Sequences, limit: number): PlannedBatch[] {
  const { ids, offsets } = sequences;
  const lengths = Array.from(offsets.subarray(1), (end, text) => end - offsets[text]!);
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
    if (texts.length > 0) batches.push(prefixBatch(sequences, lengths, texts, shared, padded(longest)));
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
    if (nodes + added > limit || positions > positionsPerNode * limit || (nodes + added) * width > weightsLimit)
      finish();
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
  { ids, offsets, counted }: Sequences,
  lengths: readonly number[],
  texts: readonly number[],
  shared: (a: number, b: number) => number,
  width: number,
): PlannedBatch {
  const starts = texts.map((text, row) => (row === 0 ? 0 : shared(texts[row - 1]!, text)));
  const tokens = texts.reduce((sum, text) => sum + lengths[text]!, 0);
  const nodes = texts.reduce((sum, text, row) => sum + lengths[text]! - starts[row]!, 0);
  const size = segmentSize(texts.map((text, row) => lengths[text]! - starts[row]!));
  const feeds = () => {
    const nodeIds = new BigInt64Array(nodes);
    const depths = new BigInt64Array(nodes);
    const rows = new BigInt64Array(texts.length * width);
    const ends = new BigInt64Array(texts.length);
    const mask = new Float32Array(texts.length * width);
    const segments: Segment[] = [];
    /** Of each node, its segment and its place there. */
    const places: [segment: number, place: number][] = [];
    let node = 0;
    texts.forEach((text, row) => {
      const at = row * width;
      const start = starts[row]!;
      const length = lengths[text]!;
      for (let t = 0; t < start; t++) rows[at + t] = rows[at - width + t]!;
      for (let t = start; t < length; t++) {
        const place = (t - start) % size;
        if (place === 0)
          segments.push({ row, first: node, count: Math.min(size, length - t), sees: Math.min(t + size, length) });
        places.push([segments.length - 1, place]);
        nodeIds[node] = BigInt(ids[offsets[text]! + t]!);
        depths[node] = BigInt(t);
        rows[at + t] = BigInt(node++);
      }
      const end = counted[2 * text + 1]!;
      mask.fill(1, at + counted[2 * text]!, at + end);
      ends[row] = rows[at + end - 1]!;
    });
    const integers = (data: BigInt64Array<ArrayBuffer>, ...dims: number[]) => ({ type: 'int64', data, dims }) as const;
    const { inputs, rank } = groupSegments(segments, size, rows, width);
    return {
      node_ids: integers(nodeIds, nodes),
      depths: integers(depths, nodes),
      rows: integers(rows, texts.length, width),
      ...inputs,
      positions: integers(
        BigInt64Array.from(places, ([segment, place]) => BigInt(rank[segment]! * size + place)),
        nodes,
      ),
      ends: integers(ends, texts.length),
      mask: { type: 'float32', data: mask, dims: [texts.length, 1, width] },
    } as const;
  };
  return { texts, tokens, computed: nodes, feeds };
}

/** Neighbouring nodes of one text. */
interface Segment {
  readonly row: number;
  /** Of its nodes, which follow one another. */
  readonly first: number;
  readonly count: number;
  /** Tokens of the text up to its last node. */
  readonly sees: number;
}

/**
 * Keys and queries of each group of segments, and the place of each segment among those of all groups. What groups see is
 * spread evenly up to the padded length of the longest text.
 */
function groupSegments(segments: readonly Segment[], size: number, rows: BigInt64Array, width: number) {
  const inputs: Record<string, Feed> = {};
  const rank: number[] = [];
  let done = 0;
  let before = 0;
  for (let i = 0; i < segmentGroups; i++) {
    const tokens = padded((width * (i + 1)) / segmentGroups);
    const chosen = [...segments.keys()].filter((at) => {
      const { sees } = segments[at]!;
      return sees > before && sees <= tokens;
    });
    // The runtime cannot multiply nothing: in a group without segments node 0 asks, as in what fills up a segment.
    const count = Math.max(1, chosen.length);
    const seen = chosen.length === 0 ? multiple : tokens;
    const keys = new BigInt64Array(count * seen);
    const queries = new BigInt64Array(count * size);
    chosen.forEach((at, place) => {
      const { row, first, count: nodes } = segments[at]!;
      keys.set(rows.subarray(row * width, row * width + tokens), place * tokens);
      for (let j = 0; j < nodes; j++) queries[place * size + j] = BigInt(first + j);
      rank[at] = done + place;
    });
    inputs[`keys_${i}`] = { type: 'int64', data: keys, dims: [count, seen] };
    inputs[`queries_${i}`] = { type: 'int64', data: queries, dims: [count, size] };
    done += count;
    before = tokens;
  }
  return { inputs, rank };
}

/** `counts`: nodes that each text adds. */
function segmentSize(counts: readonly number[]): number {
  const cost = (size: number) => (size + segmentCost) * counts.reduce((sum, count) => sum + Math.ceil(count / size), 0);
  return segmentSizes.reduce((best, size) => (cost(size) < cost(best) ? size : best));
}
