/** The pre-tokenizer of a `tokenizer.json` as steps of the addon; what is not known, down to a single option, is refused. */
import { type Fields, fieldsOf, flagOf, refuse, sequenceOf, textOf } from './fields.js';
import { bit, type Step } from './normalizer.js';

const gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const llama3 = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

const cased = (ending: string, digits: string) => {
  const head = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
  const tail = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
  const before = '[^\\r\\n\\p{L}\\p{N}]?';
  return `${before}${head}*${tail}+${ending}|${before}${head}+${tail}*${ending}|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
};

/** Patterns that have a scanner of their own in the addon; the others are compiled. They match every text without gaps. */
const scanners = new Map([
  [gpt2, 'gpt2'],
  [llama3('\\p{N}{1,3}'), 'llama3'],
  [llama3('\\p{N}'), 'qwen2'],
  [cased('', '\\p{N}'), 'tekken'],
  [cased("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", '\\p{N}{1,3}'), 'gpt-4o'],
]);

/** DeepSeek V3's three patterns, one after another, have one together. */
const deepseekV3 = [
  '\\p{N}{1,3}',
  '[一-龥぀-ゟ゠-ヿ]+',
  '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+',
].map((pattern) => split(pattern));

function withScanners(steps: readonly Step[]): readonly Step[] {
  return JSON.stringify(steps) === JSON.stringify(deepseekV3) ? [['deepseek-v3']] : steps;
}

const behaviors = new Map([
  ['Isolated', 'isolated'],
  ['Removed', 'removed'],
  ['Contiguous', 'contiguous'],
  ['MergedWithPrevious', 'merged-with-previous'],
  ['MergedWithNext', 'merged-with-next'],
]);

export interface PreTokenizer {
  readonly steps: readonly Step[];
  /** Words go to the model as bytes (ByteLevel), not as characters. */
  readonly bytes: boolean;
}

export function split(pattern: string, behavior = 'isolated', invert = false): Step {
  // Without gaps between matches, to remove what does not match is to keep every match.
  const whole = (behavior === 'isolated' && !invert) || (behavior === 'removed' && invert);
  const scanner = whole ? scanners.get(pattern) : undefined;
  return scanner === undefined ? ['split', pattern, behavior, bit(invert)] : [scanner];
}

/** The text as a pattern that matches nothing else. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|&-]/g, '\\$&');
}

function behaviorOf(fields: Fields): string {
  const name = behaviors.get(textOf(fields.behavior, 'pre_tokenizer.behavior'));
  if (name === undefined)
    throw refuse(`one of ${[...behaviors.keys()].join(', ')}`, 'pre_tokenizer.behavior', fields.behavior);
  return name;
}

function stepsOf(fields: Fields): Step[] {
  const flag = (name: string, fallback?: boolean) => flagOf(fields[name], `pre_tokenizer.${name}`, fallback);
  switch (fields.type) {
    case 'ByteLevel':
      return [
        ...(flag('add_prefix_space') ? [['prefix-space']] : []),
        ...(flag('use_regex', true) ? [['gpt2']] : []),
        ['bytes'],
      ];
    case 'Digits':
      return [flag('individual_digits') ? ['digits-alone'] : split('\\p{Numeric}', 'contiguous')];
    case 'Split': {
      const { Regex: regex, String: plain } = fieldsOf(fields.pattern, 'pre_tokenizer.pattern');
      const pattern =
        plain === undefined
          ? textOf(regex, 'pre_tokenizer.pattern.Regex')
          : literal(textOf(plain, 'pre_tokenizer.pattern.String'));
      return [split(pattern, behaviorOf(fields), flag('invert', false))];
    }
    case 'BertPreTokenizer':
      return [['bert']];
    case 'Whitespace':
      return [split('\\w+|[^\\w\\s]+', 'removed', true)];
    case 'WhitespaceSplit':
      return [split('\\s', 'removed')];
    case 'Punctuation':
      return [split('\\p{BertPunctuation}', behaviorOf(fields))];
    case 'CharDelimiterSplit':
      return [split(literal(textOf(fields.delimiter, 'pre_tokenizer.delimiter')), 'removed')];
    case 'Metaspace': {
      // Older files have add_prefix_space where newer ones have prepend_scheme.
      const scheme = fields.prepend_scheme ?? (flag('add_prefix_space', true) ? 'always' : 'never');
      if (scheme !== 'always' && scheme !== 'never' && scheme !== 'first')
        throw refuse('always, never or first', 'pre_tokenizer.prepend_scheme', scheme);
      return [['metaspace', textOf(fields.replacement, 'pre_tokenizer.replacement'), scheme, bit(flag('split', true))]];
    }
    default:
      throw refuse(
        'ByteLevel, Digits, Split, BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, CharDelimiterSplit or Metaspace',
        'pre_tokenizer',
        fields.type,
      );
  }
}

export function preTokenizerOf(value: unknown): PreTokenizer {
  const all = sequenceOf(value, 'pre_tokenizer', 'pretokenizers').flatMap(stepsOf);
  const at = all.findIndex(([name]) => name === 'bytes');
  // Nothing that follows ByteLevel would see characters.
  if (at >= 0 && at < all.length - 1) throw refuse('ByteLevel as the last step', 'pre_tokenizer', all[at + 1]![0]);
  const steps = at < 0 ? all : all.slice(0, -1);
  if (steps.length > 1 && steps.some(([name]) => name === 'bert'))
    throw refuse('BertPreTokenizer alone', 'pre_tokenizer', steps.map(([name]) => name).join(', '));
  return { steps: withScanners(steps), bytes: at >= 0 };
}
