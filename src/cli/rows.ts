/**
 * Inputs of a screen: architectures, texts, token ids or embeddings as lines or in Arrow files, folders of `.py` files.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { ColeError } from '../base/index.js';
import type { InputRow, RowBatch, ScreenInput } from '../index.js';
import { defined } from './context.js';
import { unreadable } from './files.js';
import { type Line, parseObject, readLines } from './input.js';
import { fieldsOf, givenTexts, isFolder, pythonFiles } from './texts.js';

/** Rows of `source`; read from the start at each call, so standard input will not do. */
export async function screenInput(source: string): Promise<ScreenInput> {
  if (source === '-')
    throw new ColeError(
      'ERR_OPTION',
      'expected a file or a folder to screen, which can be read again, got standard input',
    );
  if (isFolder(source)) return { ...folderFacts(source), rows: () => folderRows(source) };
  const { identity, lines } = await fileFacts(source);
  if (['.arrow', '.feather'].includes(extname(source).toLowerCase()))
    return { identity, ...(await arrowFacts(source)), rows: () => arrowRows(source) };
  return { identity, total: lines, rows: () => lineRows(source) };
}

async function arrowFacts(path: string): Promise<Pick<ScreenInput, 'total' | 'madeWith'>> {
  const { fileBatches } = await import('../index.js');
  let total = 0;
  let found: Readonly<Record<string, string>> = {};
  for await (const { rows, metadata } of fileBatches(path)) {
    total += rows;
    found = metadata;
  }
  const { embedder, tokenizer, text } = found;
  const madeWith = { embedder, tokenizer, text: text === givenTexts ? undefined : text };
  return { total, madeWith: defined(madeWith) };
}

async function* lineRows(source: string): AsyncGenerator<InputRow> {
  for await (const line of readLines(source)) yield rowOf(line);
}

/** What comes latest on the way from architecture to vector is what counts. */
function rowOf(line: Line): InputRow {
  const { text: json, where } = line;
  const row = json.trimStart().startsWith('{') ? parseObject(json, where) : undefined;
  const key = typeof row?.key === 'string' ? row.key : where;
  if (row?.embedding !== undefined)
    return { key, vector: Float32Array.from(numbersOf(row.embedding, 'embedding', where, Number.isFinite)) };
  if (row?.ids !== undefined)
    return { key, ids: Int32Array.from(numbersOf(row.ids, 'ids', where, isInt32)), place: where };
  const { key: named, arch, text } = fieldsOf(line);
  return text === undefined ? { arch: arch!, place: where } : { key: named ?? arch ?? where, text };
}

function numbersOf(value: unknown, name: string, where: string, isRight: (value: unknown) => boolean): number[] {
  if (!Array.isArray(value))
    throw new ColeError('ERR_INPUT', `expected a list of numbers as ${name} at ${where}, got ${JSON.stringify(value)}`);
  const wrong = value.find((each) => !isRight(each));
  if (wrong !== undefined || value.length === 0)
    throw new ColeError(
      'ERR_INPUT',
      `expected ${name === 'ids' ? 'token ids' : 'numbers'} in ${name} at ${where}, got ${JSON.stringify(wrong) ?? 'none'}`,
    );
  return value as number[];
}

const isInt32 = (value: unknown) => typeof value === 'number' && (value | 0) === value;

async function* folderRows(folder: string): AsyncGenerator<InputRow> {
  for (const { key, text } of pythonFiles(folder)) yield { key, text };
}

async function* arrowRows(path: string): AsyncGenerator<InputRow> {
  const { fileBatches } = await import('../index.js');
  let before = 0;
  for await (const batch of fileBatches(path)) {
    yield* rowsOfBatch(batch, (row) => `${path}, row ${before + row + 1}`);
    before += batch.rows;
  }
}

function* rowsOfBatch(batch: RowBatch, placeOf: (row: number) => string): Generator<InputRow> {
  const [key, arch, text] = ['key', 'arch', 'text'].map((name) => batch.text(name));
  const tokens = batch.tokens();
  if (tokens) {
    const { ids, offsets } = tokens;
    for (let row = 0; row < batch.rows; row++) {
      const place = placeOf(row);
      yield { key: key?.(row) ?? place, ids: ids.subarray(offsets[row], offsets[row + 1]), place };
    }
    return;
  }
  const given = text ?? arch;
  if (given === undefined) {
    const { keys, rows } = batch.embeddings();
    for (const [at, name] of keys.entries())
      yield { key: name, vector: rows.data.subarray(at * rows.cols, (at + 1) * rows.cols) };
    return;
  }
  for (let row = 0; row < batch.rows; row++) {
    const place = placeOf(row);
    const value = given(row);
    if (value === undefined)
      throw new ColeError('ERR_INPUT', `expected ${text ? 'a text' : 'an architecture'} at ${place}, got nothing`);
    yield text ? { key: key?.(row) ?? arch?.(row) ?? place, text: value } : { arch: value, place };
  }
}

async function fileFacts(path: string): Promise<{ identity: string; lines: number }> {
  const hash = createHash('sha256');
  let lines = 0;
  try {
    for await (const piece of createReadStream(path)) {
      hash.update(piece as Buffer);
      for (let at = piece.indexOf(0x0a); at >= 0; at = piece.indexOf(0x0a, at + 1)) lines++;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return { identity: hash.digest('hex'), lines };
}

function folderFacts(folder: string): { identity: string; total: number } {
  const hash = createHash('sha256');
  let total = 0;
  for (const { key, text } of pythonFiles(folder)) {
    hash.update(JSON.stringify([key, text]));
    total++;
  }
  return { identity: hash.digest('hex'), total };
}
