/** Tokenizers from `tokenizer.json` or a GGUF vocabulary; the work is the addon's. */
import { asColeError, resolveOptions } from '../../base/index.js';
import { type NativeTokenizer, native } from '../../native/index.js';
import { decode } from './decode.js';
import { type Definition, idsOf } from './definition.js';
import { flatten, identityOf } from './flatten.js';
import { definitionFromGguf } from './gguf.js';
import { definitionFromJson } from './json.js';
import { truncate } from './truncate.js';
import type { EncodedBatch, EncodeOptions, Tokenizer, TokenizerSource } from './types.js';

export type { EncodedBatch, EncodeOptions, GgufVocabulary, Tokenizer, TokenizerSource } from './types.js';

/** Characters per call of the addon: bounds the memory of a batch, and keeps offsets within 32 bits. */
const charactersPerCall = 2 ** 25;
const encoder = new TextEncoder();

/** Errors of the addon carry a code but not the class. */
function called<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asColeError(error, 'ERR_ADDON');
  }
}

/** Kept between calls, up to `keptBytes`: fresh memory costs more than what is written to it. */
let buffer = new Uint8Array(0);
const keptBytes = 2 ** 25;

/** At least so many bytes, of which the first `used` are those of `from`. */
function larger(bytes: number, from: Uint8Array<ArrayBuffer>, used: number): Uint8Array<ArrayBuffer> {
  if (from.length >= bytes) return from;
  const to = new Uint8Array(bytes);
  to.set(from.subarray(0, used));
  if (bytes <= keptBytes) buffer = to;
  return to;
}

/** texts[from .. to) as one UTF-8 buffer, good until the next call. */
function utf8Of(texts: readonly string[], from: number, to: number, characters: number) {
  const offsets = new Int32Array(to - from + 1);
  // Enough for source code. Three bytes for every UTF-16 unit always are, but make the garbage collector run early.
  let utf8 = larger(Math.ceil(1.125 * characters), buffer, 0);
  let end = 0;
  let left = characters;
  for (let i = from; i < to; i++) {
    const text = texts[i] as string;
    const { read, written } = encoder.encodeInto(text, end === 0 ? utf8 : utf8.subarray(end));
    end += written;
    if (read < text.length) {
      utf8 = larger(end + 3 * (left - read), utf8, end);
      end += encoder.encodeInto(text.slice(read), utf8.subarray(end)).written;
    }
    left -= text.length;
    offsets[i - from + 1] = end;
  }
  return { utf8: utf8.subarray(0, end), offsets };
}

function joined(parts: readonly EncodedBatch[], texts: number): EncodedBatch {
  if (parts.length === 1) return parts[0] as EncodedBatch;
  const ids = new Int32Array(parts.reduce((sum, part) => sum + part.ids.length, 0));
  const offsets = new Int32Array(texts + 1);
  let text = 0;
  let end = 0;
  for (const part of parts) {
    ids.set(part.ids, end);
    for (const offset of part.offsets.subarray(1)) offsets[++text] = end + offset;
    end += part.ids.length;
  }
  return { ids, offsets };
}

const encodeDefaults: Omit<Required<EncodeOptions>, 'maxTokens'> & Pick<EncodeOptions, 'maxTokens'> = {
  addSpecialTokens: true,
  threads: 1,
  maxTokens: undefined as never,
};

function encode(
  tokenizer: NativeTokenizer,
  { prefix, suffix }: Pick<Definition, 'prefix' | 'suffix'>,
  texts: readonly string[],
  options?: EncodeOptions,
): EncodedBatch {
  const { addSpecialTokens, threads, maxTokens } = resolveOptions('encode', encodeDefaults, options);
  const parts: EncodedBatch[] = [];
  let from = 0;
  do {
    let to = from;
    let characters = 0;
    while (to < texts.length && (to === from || characters + (texts[to] as string).length <= charactersPerCall))
      characters += (texts[to++] as string).length;
    const { utf8, offsets } = utf8Of(texts, from, to, characters);
    parts.push(called(() => tokenizer.encodeBatch(utf8, offsets, addSpecialTokens, threads)));
    from = to;
  } while (from < texts.length);
  const batch = joined(parts, texts.length);
  if (maxTokens === undefined) return batch;
  const [around, behind] = addSpecialTokens ? [prefix.length + suffix.length, suffix.length] : [0, 0];
  return truncate(batch, maxTokens, around, behind);
}

/** Throws ERR_VOCAB, naming the part, when the source asks for anything that would not be followed exactly. */
export function loadTokenizer(source: TokenizerSource): Tokenizer {
  const definition = 'json' in source ? definitionFromJson(source.json) : definitionFromGguf(source.gguf);
  const spec = flatten(definition);
  const { Tokenizer } = native();
  const tokenizer = called(() => new Tokenizer(spec));
  // Nothing below may keep the definition itself: half a million merges would be gone through at every garbage collection.
  const { vocabulary, added, prefix, suffix } = definition;
  const around = { prefix, suffix };
  const decoded = decode(vocabulary, added, definition.decoders);
  let ids: Map<string, number> | undefined;
  const idOf = (token: string) => {
    if (ids === undefined) {
      ids = idsOf(vocabulary);
      for (const { content, id } of added) ids.set(content, id);
    }
    return ids.get(token);
  };
  return {
    identity: identityOf(spec),
    vocabularySize: tokenizer.vocabularySize,
    prefix,
    suffix,
    encode: (texts, options) => encode(tokenizer, around, texts, options),
    decode: (ids, options) =>
      decoded(ids, resolveOptions('decode', { skipSpecialTokens: true }, options).skipSpecialTokens),
    tokenId: idOf,
  };
}
