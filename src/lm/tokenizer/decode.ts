/** Ids back to text: the decoders of Hugging Face's tokenizers, each a step over a list of tokens. */
import { ColeError } from '../../base/index.js';
import { letterBytes } from './byte-level.js';
import type { AddedToken, Vocabulary } from './definition.js';
import { type Fields, fieldsOf, flagOf, refuse, sequenceOf, textOf } from './fields.js';

/** Takes what the step before has left; the results are joined at the end. */
export type Decoder = (tokens: readonly string[]) => string[];

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Tokens written in the letters of byte-level vocabularies; those that hold another character stand for themselves. */
export const byteLevel: Decoder = (tokens) => [
  utf8.decode(Uint8Array.from(tokens.flatMap((token) => letterBytes(token)))),
];

/** `<0x0A>` and the like are bytes; those in a row that are no text become U+FFFD, one for each byte. */
export const byteFallback: Decoder = (tokens) => {
  const out: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      out.push(strictUtf8.decode(Uint8Array.from(bytes)));
    } catch {
      out.push('\ufffd'.repeat(bytes.length));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else {
      flush();
      out.push(token);
    }
  }
  flush();
  return out;
};

export const fuse: Decoder = (tokens) => [tokens.join('')];

export function replace(from: string, to: string): Decoder {
  return (tokens) => tokens.map((token) => token.replaceAll(from, () => to));
}

/** Up to `start` of the character at the start of every token, and `stop` at its end. */
export function strip(character: string, start: number, stop: number): Decoder {
  return (tokens) =>
    tokens.map((token) => {
      const characters = [...token];
      let from = 0;
      while (from < start && characters[from] === character) from++;
      let to = characters.length;
      while (to > from && characters.length - to < stop && characters[to - 1] === character) to--;
      return characters.slice(from, to).join('');
    });
}

/** Spaces that English text has not. */
const cleanups = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const;

export function wordPiece(prefix: string, cleanup: boolean): Decoder {
  return (tokens) =>
    tokens.map((token, i) => {
      const continues = token.startsWith(prefix);
      const text = i === 0 ? token : continues ? token.slice(prefix.length) : ` ${token}`;
      return cleanup ? cleanups.reduce((clean, [from, to]) => clean.replaceAll(from, to), text) : text;
    });
}

function metaspace(letter: string, prefixed: boolean): Decoder {
  return (tokens) => tokens.map((token, i) => token.replaceAll(letter, i === 0 && prefixed ? '' : ' '));
}

function decoderOf(fields: Fields): Decoder {
  const text = (name: string) => textOf(fields[name], `decoder.${name}`);
  switch (fields.type) {
    case 'ByteLevel':
      return byteLevel;
    case 'ByteFallback':
      return byteFallback;
    case 'Fuse':
      return fuse;
    case 'Replace':
      return replace(
        textOf(fieldsOf(fields.pattern, 'decoder.pattern').String, 'decoder.pattern.String'),
        text('content'),
      );
    case 'Strip':
      return strip(text('content'), Number(fields.start), Number(fields.stop));
    case 'WordPiece':
      return wordPiece(text('prefix'), flagOf(fields.cleanup, 'decoder.cleanup'));
    case 'Metaspace': {
      const scheme =
        fields.prepend_scheme ??
        (flagOf(fields.add_prefix_space, 'decoder.add_prefix_space', true) ? 'always' : 'never');
      return metaspace(text('replacement'), scheme !== 'never');
    }
    case 'BPEDecoder': {
      const suffix = text('suffix');
      return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '));
    }
    default:
      throw refuse(
        'ByteLevel, ByteFallback, Fuse, Replace, Strip, WordPiece, Metaspace or BPEDecoder',
        'decoder',
        fields.type,
      );
  }
}

/** Of a `tokenizer.json`; without one, tokens are joined by spaces. */
export function decodersOf(value: unknown): Decoder[] {
  const all = sequenceOf(value, 'decoder', 'decoders').map(decoderOf);
  return all.length > 0 ? all : [(tokens) => [tokens.join(' ')]];
}

/** Throws ERR_INPUT for an id without a token. */
export function decode(
  vocabulary: Vocabulary,
  added: readonly AddedToken[],
  decoders: readonly Decoder[],
): (ids: Iterable<number>, skipSpecialTokens: boolean) => string {
  const contents = new Map(added.map((token) => [token.id, token]));
  return (ids, skipSpecialTokens) => {
    let tokens: string[] = [];
    for (const id of ids) {
      const special = contents.get(id);
      if (skipSpecialTokens && special?.special) continue;
      const token = special?.content ?? vocabulary[id];
      if (token === undefined) throw new ColeError('ERR_INPUT', `expected ids of the vocabulary to decode, got ${id}`);
      tokens.push(token);
    }
    for (const decoder of decoders) tokens = decoder(tokens);
    return tokens.join('');
  };
}
