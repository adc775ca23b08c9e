/** Reads a Hugging Face `tokenizer.json`. Truncation and padding, which the file may also ask for, are not ours to do. */
import { ColeError } from '../../base/index.js';
import { hasAllBytes } from './byte-level.js';
import { decodersOf } from './decode.js';
import { type AddedToken, type Bpe, type Definition, idsOf, type Vocabulary, type WordPiece } from './definition.js';
import { countOf, type Fields, fieldsOf, flagOf, listOf, refuse, textOf } from './fields.js';
import { normalizerSteps } from './normalizer.js';
import { specialTokensAround } from './post-processor.js';
import { preTokenizerOf } from './pre-tokenizer.js';

/** More ids than this without a token are a mistake in the file, not the few that models leave for tokens of their own. */
const mostHoles = 2 ** 16;

function vocabularyOf(value: unknown): Vocabulary {
  const entries = Object.entries(fieldsOf(value, 'model.vocab'));
  const limit = entries.length + mostHoles;
  const vocabulary: (string | undefined)[] = [];
  for (const [token, value] of entries) {
    const id = countOf(value, `model.vocab[${JSON.stringify(token)}]`);
    if (id >= limit) throw refuse(`ids below ${limit} for ${entries.length} tokens`, 'model.vocab', `${token}: ${id}`);
    while (vocabulary.length <= id) vocabulary.push(undefined);
    if (vocabulary[id] !== undefined)
      throw refuse('one token per id', 'model.vocab', `${vocabulary[id]} and ${token} for ${id}`);
    vocabulary[id] = token;
  }
  return vocabulary;
}

/** Both spellings: ["a", "b"] and the older "a b". */
function mergeOf(value: unknown, rank: number): [string, string] {
  const parts = typeof value === 'string' ? value.split(' ') : value;
  if (!Array.isArray(parts) || parts.length !== 2 || parts.some((part) => typeof part !== 'string'))
    throw refuse('two tokens', `model.merges[${rank}]`, value);
  return parts as [string, string];
}

function bpeOf(model: Fields, ofBytes: boolean, vocabulary: Vocabulary): Bpe {
  const absent = (name: string) => {
    const value = model[name];
    if (value !== null && value !== undefined && value !== '' && value !== false && value !== 0)
      throw refuse('none', `model.${name}`, value);
  };
  for (const name of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix']) absent(name);
  // Every text is known where all bytes are: what is said of unknown characters then never comes to pass.
  if (ofBytes && !hasAllBytes(vocabulary)) for (const name of ['unk_token', 'byte_fallback']) absent(name);
  const shared = {
    merges: listOf(model.merges, 'model.merges').map(mergeOf),
    ignoreMerges: flagOf(model.ignore_merges, 'model.ignore_merges', false),
  };
  if (ofBytes) return { type: 'bpe', ...shared };
  const unknown = model.unk_token ?? undefined;
  return {
    type: 'char-bpe',
    ...shared,
    byteFallback: flagOf(model.byte_fallback, 'model.byte_fallback', false),
    ...(unknown !== undefined && { unknown: textOf(unknown, 'model.unk_token') }),
    fuseUnknown: flagOf(model.fuse_unk, 'model.fuse_unk', false),
  };
}

function wordPieceOf(model: Fields): WordPiece {
  return {
    type: 'wordpiece',
    unknown: textOf(model.unk_token, 'model.unk_token'),
    continuingPrefix: textOf(model.continuing_subword_prefix, 'model.continuing_subword_prefix'),
    maxWordChars: countOf(model.max_input_chars_per_word, 'model.max_input_chars_per_word'),
  };
}

function addedOf(value: unknown, vocabulary: Vocabulary): AddedToken[] {
  const ids = idsOf(vocabulary);
  let next = ids.size;
  return listOf(value ?? [], 'added_tokens').map((entry, i) => {
    const name = `added_tokens[${i}]`;
    const fields = fieldsOf(entry, name);
    const content = textOf(fields.content, `${name}.content`);
    const id = countOf(fields.id, `${name}.id`);
    // The id that Hugging Face gives a token on loading, whatever the file says: it counts tokens, not holes.
    const given = ids.get(content) ?? next++;
    if (id !== given) throw refuse(`${given}`, `${name}.id (${content})`, id);
    ids.set(content, id);
    const flag = (key: string) => flagOf(fields[key], `${name}.${key}`);
    return {
      id,
      content,
      normalized: flag('normalized'),
      lstrip: flag('lstrip'),
      rstrip: flag('rstrip'),
      singleWord: flag('single_word'),
      special: flagOf(fields.special, `${name}.special`, false),
    };
  });
}

export function definitionFromJson(bytes: Uint8Array): Definition {
  let file: Fields;
  try {
    file = fieldsOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), 'tokenizer.json');
  } catch (cause) {
    if (cause instanceof ColeError) throw cause;
    throw new ColeError('ERR_VOCAB', `expected JSON for tokenizer.json, but ${(cause as Error).message}`, { cause });
  }
  const fields = fieldsOf(file.model, 'model');
  // Older files leave the type out.
  const type = fields.type ?? (fields.merges === undefined ? 'WordPiece' : 'BPE');
  if (type !== 'BPE' && type !== 'WordPiece') throw refuse('BPE or WordPiece', 'model.type', type);
  const vocabulary = vocabularyOf(fields.vocab);
  const { steps, bytes: ofBytes } = preTokenizerOf(file.pre_tokenizer);
  if (ofBytes && type !== 'BPE') throw refuse('BPE beside ByteLevel', 'model.type', type);
  return {
    vocabulary,
    model: type === 'BPE' ? bpeOf(fields, ofBytes, vocabulary) : wordPieceOf(fields),
    added: addedOf(file.added_tokens, vocabulary),
    normalizer: normalizerSteps(file.normalizer),
    preTokenizer: steps,
    ...specialTokensAround(file.post_processor),
    decoders: decodersOf(file.decoder),
  };
}
