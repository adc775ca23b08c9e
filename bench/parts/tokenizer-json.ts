/** The tokenizer of a model in the store as Hugging Face's libraries take it: its tokenizer.json, or one made of its GGUF vocabulary. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelsFolder } from '#cole/lm/index.js';

interface Vocabulary {
  readonly 'tokenizer.ggml.pre': string;
  readonly 'tokenizer.ggml.tokens': readonly string[];
  readonly 'tokenizer.ggml.token_type': readonly number[];
  readonly 'tokenizer.ggml.merges': readonly string[];
}

/** The digits of SmolLM's pre-tokenizer come one by one, before the GPT-2 pattern. */
function fromGguf(metadata: Vocabulary): object {
  const pre = metadata['tokenizer.ggml.pre'];
  if (pre !== 'smollm') throw new Error(`expected a vocabulary with pre-tokenizer smollm, got ${pre}`);
  const tokens = metadata['tokenizer.ggml.tokens'];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) =>
      metadata['tokenizer.ggml.token_type'][id] === 3 ? [{ id, content, ...flags }] : [],
    ),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: metadata['tokenizer.ggml.merges'].map((merge) => merge.split(' ')),
    },
  };
}

export function tokenizerJson(model: string): string {
  const folder = join(modelsFolder(), model);
  const path = join(folder, 'tokenizer.json');
  if (existsSync(path)) return readFileSync(path, 'utf8');
  return JSON.stringify(fromGguf(JSON.parse(readFileSync(join(folder, 'vocabulary.json'), 'utf8'))));
}
