/** The normalizer of a `tokenizer.json` as steps of the addon; what is not known, down to a single option, is refused. */
import { type Fields, fieldsOf, flagOf, refuse, sequenceOf, textOf } from './fields.js';

/** A name and its arguments, as NativeTokenizerSpec has them. */
export type Step = readonly string[];

export const bit = (value: boolean): string => (value ? '1' : '0');

function bertSteps(fields: Fields): Step[] {
  const flag = (name: string) => flagOf(fields[name], `normalizer.${name}`);
  const lowercase = flag('lowercase');
  const strip = fields.strip_accents === null || fields.strip_accents === undefined ? lowercase : flag('strip_accents');
  return [
    ...(flag('clean_text') ? [['bert-clean']] : []),
    ...(flag('handle_chinese_chars') ? [['bert-chinese']] : []),
    ...(strip ? [['bert-strip-accents']] : []),
    ...(lowercase ? [['lowercase']] : []),
  ];
}

export function normalizerSteps(value: unknown): Step[] {
  return sequenceOf(value, 'normalizer', 'normalizers').flatMap((fields): Step[] => {
    const text = (name: string) => textOf(fields[name], `normalizer.${name}`);
    switch (fields.type) {
      case 'NFC':
      case 'NFD':
      case 'NFKC':
      case 'NFKD':
        return [[fields.type.toLowerCase()]];
      case 'Lowercase':
        return [['lowercase']];
      case 'StripAccents':
        return [['strip-accents']];
      case 'Strip': {
        const [left, right] = ['strip_left', 'strip_right'].map((name) => flagOf(fields[name], `normalizer.${name}`));
        return [['strip', bit(left!), bit(right!)]];
      }
      case 'Prepend':
        return [['prepend', text('prepend')]];
      case 'Replace': {
        const { String: plain, Regex: regex } = fieldsOf(fields.pattern, 'normalizer.pattern');
        return plain === undefined
          ? [['replace-regex', textOf(regex, 'normalizer.pattern.Regex'), text('content')]]
          : [['replace', textOf(plain, 'normalizer.pattern.String'), text('content')]];
      }
      case 'BertNormalizer':
        return bertSteps(fields);
      default:
        throw refuse(
          'NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace or BertNormalizer',
          'normalizer',
          fields.type,
        );
    }
  });
}
