/** Opens benchmark tables by file name. A table has a column `arch` and one column of numbers for each metric. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileToColumns, type ReadColumns } from '../arrow/index.js';
import { ColeError, pickNamed } from '../base/index.js';
import type { Space } from '../spaces/index.js';
import { parseCsv } from './csv.js';
import { readJsonLines } from './json-lines.js';
import { type RawTable, Table } from './table.js';

type Reader = (bytes: Uint8Array, name: string) => Pick<RawTable, 'archs' | 'columns' | 'rowName'>;

const readers: Readonly<Record<string, Reader>> = {
  '.csv': readCsv,
  '.jsonl': (bytes, name) => readJsonLines(textOf(bytes, name), name, notMetrics),
  '.arrow': readArrow,
  '.feather': readArrow,
};

/** Columns that are never a metric. */
const notMetrics = new Set(['arch', 'index', 'key']);

/**
 * Reads `path` (`.csv`, `.jsonl`, or `.arrow` / `.feather` in Arrow's IPC format). Throws ERR_INPUT for a file that is not there and
 * ERR_DATA for one that is no table of this space.
 */
export async function openTable(path: string, space: Space<unknown>): Promise<Table> {
  const reader = pickNamed(`extension of table ${path}`, readers, extname(path).toLowerCase());
  const { bytes, hash } = await readBytes(path);
  const name = basename(path);
  return new Table({ name, hash, ...reader(bytes, name) }, space);
}

/** The columns of an Arrow file and the sha256 of its bytes. */
export async function readColumns(path: string): Promise<ReadColumns & { readonly hash: string }> {
  const { bytes, hash } = await readBytes(path);
  return { ...fileToColumns(basename(path), bytes), hash };
}

async function readBytes(path: string): Promise<{ bytes: Uint8Array; hash: string }> {
  try {
    const bytes = await readFile(path);
    return { bytes, hash: createHash('sha256').update(bytes).digest('hex') };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : message;
    throw new ColeError('ERR_INPUT', `expected a table at ${path}, got ${why}`, { cause });
  }
}

function readArrow(bytes: Uint8Array, name: string): ReturnType<Reader> {
  const { columns } = fileToColumns(name, bytes);
  const archs = columns.get('arch');
  if (archs?.kind !== 'text')
    throw new ColeError(
      'ERR_DATA',
      `expected a column arch of text in ${name}, got ${[...columns.keys()].join(', ') || 'no column of text or numbers'}`,
    );
  const metrics = [...columns].flatMap(([column, { kind, values }]) =>
    kind === 'number' && !notMetrics.has(column) ? [[column, values as readonly (number | undefined)[]] as const] : [],
  );
  return {
    archs: archs.values.map((arch) => arch ?? ''),
    columns: new Map(metrics),
    rowName: (row) => `row ${row + 1}`,
  };
}

function readCsv(bytes: Uint8Array, name: string): ReturnType<Reader> {
  const [header, ...records] = parseCsv(textOf(bytes, name), name);
  const names = header?.fields ?? [];
  const archColumn = archIndex(names, name);
  for (const { line, fields } of records) {
    if (fields.length !== names.length)
      throw new ColeError(
        'ERR_DATA',
        `expected ${names.length} fields on line ${line} of ${name}, got ${fields.length}`,
      );
  }
  const columns = new Map<string, (number | undefined)[]>();
  names.forEach((column, at) => {
    if (notMetrics.has(column)) return;
    const cells = records.map(({ fields }) => fields[at]!.trim());
    const first = cells.find((cell) => cell !== '');
    // A column of words, such as a note or a split name, is not a metric; `nan` is a number that went wrong.
    if (first === undefined || (Number.isNaN(Number(first)) && !/^[+-]?(nan|inf)/i.test(first))) return;
    columns.set(
      column,
      cells.map((cell) => (cell === '' ? undefined : Number(cell))),
    );
  });
  return {
    archs: records.map(({ fields }) => fields[archColumn]!),
    columns,
    rowName: (row) => `line ${records[row]!.line}`,
  };
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected UTF-8 text in ${name}, got other bytes`, { cause });
  }
}

/** Position of the column `arch`; every name must be there once. */
function archIndex(names: readonly string[], table: string): number {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new ColeError('ERR_DATA', `expected each column of ${table} once, got ${JSON.stringify(twice)} twice`);
  const at = names.indexOf('arch');
  if (at < 0)
    throw new ColeError('ERR_DATA', `expected a column arch in ${table}, got ${names.join(', ') || 'an empty file'}`);
  return at;
}
