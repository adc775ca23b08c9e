/** Inputs of a screen: architectures or texts as lines, Arrow files of either or of embeddings, folders of `.py` files. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { ColeError } from '../base/index.js';
import type { InputRow, ScreenInput } from '../index.js';
import { unreadable } from './files.js';
import { readLines } from './input.js';
import { fieldsOf, isFolder, pythonFiles } from './texts.js';

/** Rows of `source`; read from the start at each call, so standard input will not do. */
export async function screenInput(source: string): Promise<ScreenInput> {
  if (source === '-')
    throw new ColeError(
      'ERR_OPTION',
      'expected a file or a folder to screen, which can be read again, got standard input',
    );
  if (isFolder(source)) return { ...folderFacts(source), textsOnly: true, rows: () => folderRows(source) };
  const { identity, lines } = await fileFacts(source);
  if (['.arrow', '.feather'].includes(extname(source).toLowerCase()))
    return { identity, total: await arrowTotal(source), rows: () => arrowRows(source) };
  return { identity, total: lines, rows: () => lineRows(source) };
}

async function arrowTotal(path: string): Promise<number> {
  const { fileBatches } = await import('../index.js');
  let total = 0;
  for await (const { rows } of fileBatches(path)) total += rows;
  return total;
}

async function* lineRows(source: string): AsyncGenerator<InputRow> {
  for await (const line of readLines(source)) {
    const { key, arch, text } = fieldsOf(line);
    if (text === undefined) yield { arch: arch!, place: line.where };
    else yield { key: key ?? arch ?? line.where, text };
  }
}

async function* folderRows(folder: string): AsyncGenerator<InputRow> {
  for (const { key, text } of pythonFiles(folder)) yield { key, text };
}

async function* arrowRows(path: string): AsyncGenerator<InputRow> {
  const { fileBatches } = await import('../index.js');
  let before = 0;
  for await (const batch of fileBatches(path)) {
    const [key, arch, text] = ['key', 'arch', 'text'].map((name) => batch.text(name));
    const given = text ?? arch;
    if (given === undefined) {
      const { keys, rows } = batch.embeddings();
      for (const [at, name] of keys.entries())
        yield { key: name, vector: rows.data.subarray(at * rows.cols, (at + 1) * rows.cols) };
      continue;
    }
    for (let row = 0; row < batch.rows; row++) {
      const place = `${path}, row ${before + row + 1}`;
      const value = given(row);
      if (value === undefined)
        throw new ColeError('ERR_INPUT', `expected ${text ? 'a text' : 'an architecture'} at ${place}, got nothing`);
      yield text ? { key: key?.(row) ?? arch?.(row) ?? place, text: value } : { arch: value, place };
    }
    before += batch.rows;
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
