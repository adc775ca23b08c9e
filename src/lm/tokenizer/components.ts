/**
 * The normalizer, pre-tokenizer and post-processor of a `tokenizer.json`, recognised and named. What is not known, down to
 * a single option, is refused: an approximation would give other ids without a word.
 */
import { countOf, type Fields, fieldsOf, flagOf, listOf, refuse, textOf } from './fields.js';

const gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const llama3 = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/** Split patterns by their text, with the scanner of the addon that stands for each. */
const patterns = new Map([
  [gpt2, 'gpt2'],
  [llama3('\\p{N}{1,3}'), 'llama3'],
  [llama3('\\p{N}'), 'qwen2'],
]);

/** Steps of nested Sequences, in order; none for null. */
function steps(value: unknown, name: string, list: string): Fields[] {
  if (value === null || value === undefined) return [];
  const fields = fieldsOf(value, name);
  if (fields.type !== 'Sequence') return [fields];
  return listOf(fields[list], `${name}.${list}`).flatMap((step, i) => steps(step, `${name}.${list}[${i}]`, list));
}

function bertSteps(fields: Fields): string[] {
  const flag = (name: string) => flagOf(fields[name], `normalizer.${name}`);
  const lowercase = flag('lowercase');
  const strip = fields.strip_accents === null || fields.strip_accents === undefined ? lowercase : flag('strip_accents');
  return [
    ...(flag('clean_text') ? ['bert-clean'] : []),
    ...(flag('handle_chinese_chars') ? ['bert-chinese'] : []),
    ...(strip ? ['bert-strip-accents'] : []),
    ...(lowercase ? ['lowercase'] : []),
  ];
}

export function normalizerSteps(value: unknown): string[] {
  const all = steps(value, 'normalizer', 'normalizers');
  const names = all.flatMap((fields) => {
    if (fields.type === 'BertNormalizer') return bertSteps(fields);
    if (fields.type === 'NFC') return ['nfc'];
    throw refuse('BertNormalizer, NFC or none', 'normalizer', fields.type);
  });
  if (all.length > 1) throw refuse('at most one step', 'normalizer', all.map((s) => s.type).join(', '));
  return names;
}

/** The part of a pre-tokenizer that one step stands for. */
function preTokenizerStep(fields: Fields): string[] {
  const flag = (name: string, fallback?: boolean) => flagOf(fields[name], `pre_tokenizer.${name}`, fallback);
  switch (fields.type) {
    case 'ByteLevel':
      if (flag('add_prefix_space')) throw refuse('false', 'pre_tokenizer.add_prefix_space', true);
      return flag('use_regex', true) ? ['gpt2', 'bytes'] : ['bytes'];
    case 'Digits':
      if (!flag('individual_digits')) throw refuse('true', 'pre_tokenizer.individual_digits', false);
      return ['digits-alone'];
    case 'Split': {
      const pattern = textOf(fieldsOf(fields.pattern, 'pre_tokenizer.pattern').Regex, 'pre_tokenizer.pattern.Regex');
      const name = patterns.get(pattern);
      if (name === undefined) throw refuse('a known split pattern', 'pre_tokenizer.pattern', pattern);
      if (fields.behavior !== 'Isolated') throw refuse('Isolated', 'pre_tokenizer.behavior', fields.behavior);
      if (flag('invert', false)) throw refuse('false', 'pre_tokenizer.invert', true);
      return [name];
    }
    case 'BertPreTokenizer':
      return ['bert'];
    default:
      throw refuse('ByteLevel, Digits, Split or BertPreTokenizer', 'pre_tokenizer', fields.type);
  }
}

export function preTokenizerName(value: unknown): string {
  const name = steps(value, 'pre_tokenizer', 'pretokenizers').flatMap(preTokenizerStep).join(', ');
  switch (name) {
    case 'bert':
      return name;
    case 'gpt2, bytes':
    case 'llama3, bytes':
    case 'qwen2, bytes':
    case 'digits-alone, gpt2, bytes':
      return name.replace(/, bytes$/, '');
    default:
      throw refuse('a known sequence of steps', 'pre_tokenizer', name || 'none');
  }
}

export interface Around {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

function template(fields: Fields): Around {
  const prefix: number[] = [];
  const suffix: number[] = [];
  const tokens = fieldsOf(fields.special_tokens, 'post_processor.special_tokens');
  let seen = 0;
  for (const piece of listOf(fields.single, 'post_processor.single')) {
    const { SpecialToken: special, Sequence: sequence } = fieldsOf(piece, 'post_processor.single');
    if (sequence !== undefined) {
      if (fieldsOf(sequence, 'post_processor.single').id !== 'A') throw refuse('A', 'post_processor.single', piece);
      seen++;
      continue;
    }
    const name = textOf(fieldsOf(special, 'post_processor.single').id, 'post_processor.single');
    const ids = fieldsOf(tokens[name], `post_processor.special_tokens.${name}`).ids;
    for (const id of listOf(ids, `post_processor.special_tokens.${name}.ids`))
      (seen === 0 ? prefix : suffix).push(countOf(id, `post_processor.special_tokens.${name}.ids`));
  }
  if (seen !== 1) throw refuse('the text exactly once', 'post_processor.single', fields.single);
  return { prefix, suffix };
}

function classicTokens(fields: Fields): Around {
  const id = (name: string) => countOf(listOf(fields[name], `post_processor.${name}`)[1], `post_processor.${name}`);
  return { prefix: [id('cls')], suffix: [id('sep')] };
}

export function specialTokensAround(value: unknown): Around {
  let around: Around = { prefix: [], suffix: [] };
  for (const fields of steps(value, 'post_processor', 'processors')) {
    let next: Around;
    if (fields.type === 'TemplateProcessing') next = template(fields);
    else if (fields.type === 'BertProcessing' || fields.type === 'RobertaProcessing') next = classicTokens(fields);
    else if (fields.type === 'ByteLevel')
      continue; // moves offsets only
    else
      throw refuse('TemplateProcessing, BertProcessing, RobertaProcessing or ByteLevel', 'post_processor', fields.type);
    around = { prefix: [...next.prefix, ...around.prefix], suffix: [...around.suffix, ...next.suffix] };
  }
  return around;
}
