/** The special tokens that the post-processor of a `tokenizer.json` puts around a text. */
import { countOf, type Fields, fieldsOf, listOf, refuse, sequenceOf, textOf } from './fields.js';

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
  for (const fields of sequenceOf(value, 'post_processor', 'processors')) {
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
