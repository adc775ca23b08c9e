/** A definition as the flat buffers that the addon takes, and the hash that names it. */
import { createHash } from 'node:crypto';
import type { NativeTokenizerSpec } from '../../native/index.js';
import { writeLetters } from './byte-level.js';
import { type Bpe, type Definition, idsOf } from './definition.js';
import { refuse } from './fields.js';

interface Strings {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
}

/** Nothing for a text that is not there. */
function flatStrings(
  texts: readonly (string | undefined)[],
  write: (text: string, out: Uint8Array, at: number) => number,
): Strings {
  const bytes = new Uint8Array(3 * texts.reduce((sum, text) => sum + (text?.length ?? 0), 0));
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => {
    const at = offsets[i] as number;
    offsets[i + 1] = text === undefined ? at : write(text, bytes, at);
  });
  return { bytes: bytes.slice(0, offsets[texts.length]), offsets };
}

const encoder = new TextEncoder();
const writeUtf8 = (text: string, out: Uint8Array, at: number) =>
  at + encoder.encodeInto(text, out.subarray(at)).written;

function flatMerges(model: Bpe, ids: ReadonlyMap<string, number>): Int32Array {
  const merges = new Int32Array(3 * model.merges.length);
  const seen = new Set<number>();
  model.merges.forEach(([left, right], rank) => {
    for (const [i, token] of [left, right, left + right].entries()) {
      const id = ids.get(token);
      if (id === undefined) throw refuse('tokens of the vocabulary', `merge ${rank}`, `${left} ${right}`);
      merges[3 * rank + i] = id;
    }
    const pair = (merges[3 * rank] as number) * 2 ** 26 + (merges[3 * rank + 1] as number);
    if (seen.size === seen.add(pair).size) throw refuse('every merge once', `merge ${rank}`, `${left} ${right}`);
  });
  return merges;
}

/** Ids of `<0x00>` to `<0xFF>`, -1 where there is none. */
function byteIds(ids: ReadonlyMap<string, number>): Int32Array {
  const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0');
  return Int32Array.from({ length: 256 }, (_, byte) => ids.get(`<0x${hex(byte)}>`) ?? -1);
}

export function flatten(definition: Definition): NativeTokenizerSpec {
  const { vocabulary, model, added } = definition;
  if (vocabulary.length > 2 ** 26) throw refuse('at most 67108864 tokens', 'the vocabulary', vocabulary.length);
  const tokens = flatStrings(vocabulary, model.type === 'bpe' ? writeLetters : writeUtf8);
  const addedStrings = flatStrings(
    added.map(({ content }) => content),
    writeUtf8,
  );
  const ids = idsOf(vocabulary);
  let unknownId = -1;
  if (model.type !== 'bpe' && model.unknown !== undefined) {
    const id = ids.get(model.unknown);
    if (id === undefined) throw refuse('a token of the vocabulary', 'the unknown token', model.unknown);
    unknownId = id;
  }
  const bpe = model.type === 'wordpiece' ? undefined : model;
  return {
    model: model.type,
    tokenBytes: tokens.bytes,
    tokenOffsets: tokens.offsets,
    addedBytes: addedStrings.bytes,
    addedOffsets: addedStrings.offsets,
    addedIds: Int32Array.from(added, (token) => token.id),
    addedFlags: Uint8Array.from(
      added,
      (token) =>
        (token.normalized ? 1 : 0) | (token.lstrip ? 2 : 0) | (token.rstrip ? 4 : 0) | (token.singleWord ? 8 : 0),
    ),
    normalizer: definition.normalizer,
    preTokenizer: definition.preTokenizer,
    prefix: Int32Array.from(definition.prefix),
    suffix: Int32Array.from(definition.suffix),
    merges: bpe ? flatMerges(bpe, ids) : new Int32Array(0),
    mergeRanks: Int32Array.from(bpe?.ranks ?? []),
    byteIds: bpe?.byteFallback ? byteIds(ids) : new Int32Array(0),
    fuseUnknown: bpe?.fuseUnknown ?? false,
    ignoreMerges: bpe?.ignoreMerges ?? false,
    continuingPrefix: model.type === 'wordpiece' ? model.continuingPrefix : '',
    unknownId,
    maxWordChars: model.type === 'wordpiece' ? model.maxWordChars : 0,
  };
}

/** SHA-256 over every field with its name and length. */
export function identityOf(spec: NativeTokenizerSpec): string {
  const hash = createHash('sha256');
  for (const [name, value] of Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : encoder.encode(JSON.stringify(value));
    hash.update(`${name}:${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}
