/** Embeddings as an Arrow IPC file: `key: utf8`, `embedding: fixed_size_list<float32>[d]`, their identity in the schema's metadata. */
import {
  type Data,
  Field,
  FixedSizeList,
  Float32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Type,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { ColeError, type Matrix, matrix } from '../base/index.js';

export interface Embeddings {
  readonly keys: readonly string[];
  /** One row a key. */
  readonly rows: Matrix;
  /** What the vectors were made of and with. */
  readonly metadata: Readonly<Record<string, string>>;
}

export function embeddingsToFile({ keys, rows, metadata }: Embeddings): Uint8Array {
  if (keys.length !== rows.rows)
    throw new ColeError('ERR_SHAPE', `expected ${rows.rows} keys, one a row, got ${keys.length}`);
  const item = new Field('item', new Float32(), false);
  const list = new FixedSizeList(rows.cols, item);
  const fields = [new Field('key', new Utf8(), false), new Field('embedding', list, false)];
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const values = makeData({ type: new Float32(), length: rows.data.length, nullCount: 0, data: rows.data });
  const children = [
    vectorFromArray(keys, new Utf8()).data[0]!,
    makeData({ type: list, length: rows.rows, nullCount: 0, child: values }),
  ];
  const struct = makeData({ type: new Struct(fields), length: rows.rows, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, struct)]), 'file');
}

/** The inverse, as copies; also takes what other Arrow writers make of the same columns. `what` names the file in messages. */
export function fileToEmbeddings(what: string, bytes: Uint8Array): Embeddings {
  const { table, keys, vectors, cols } = columnsOf(what, bytes);
  const rows = matrix(table.numRows, cols);
  let at = 0;
  for (const chunk of vectors.data) {
    const values = floatsOf(what, chunk);
    rows.data.set(values.subarray(chunk.offset * cols, (chunk.offset + chunk.length) * cols), at);
    at += chunk.length * cols;
  }
  return { keys: [...keys] as string[], rows, metadata: Object.fromEntries(table.schema.metadata) };
}

/**
 * Where the vectors of a file that `embeddingsToFile` wrote lie in it, one after the other from byte `offset` on, so that
 * single ones can be read.
 */
export function locateEmbeddings(
  what: string,
  bytes: Uint8Array,
): { readonly keys: readonly string[]; readonly cols: number; readonly offset: number } {
  const { keys, vectors, cols } = columnsOf(what, bytes);
  const [chunk, ...others] = vectors.data;
  const values = chunk && floatsOf(what, chunk);
  // What another writer compressed or cut into batches lies elsewhere.
  if (!values || others.length > 0 || values.buffer !== bytes.buffer)
    throw new ColeError('ERR_DATA', `expected the vectors of ${what} in one uncompressed batch`);
  return { keys: [...keys] as string[], cols, offset: values.byteOffset - bytes.byteOffset + 4 * chunk.offset * cols };
}

function columnsOf(what: string, bytes: Uint8Array) {
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch (cause) {
    throw new ColeError(
      'ERR_DATA',
      `expected an Arrow file of embeddings at ${what}, but ${(cause as Error).message}`,
      { cause },
    );
  }
  return tableToEmbeddings(what, table);
}

export function tableToEmbeddings(what: string, table: Table): Embeddings {
  const keys = table.getChild('key');
  const vectors = table.getChild('embedding');
  if (keys?.type.typeId !== Type.Utf8 || vectors?.type.typeId !== Type.FixedSizeList)
    throw new ColeError(
      'ERR_DATA',
      `expected columns key (utf8) and embedding (fixed_size_list) in ${what}, got ${table.schema}`,
    );
  const { listSize, children } = vectors.type as FixedSizeList;
  if (children[0]!.type.typeId !== Type.Float || keys.nullCount > 0 || vectors.nullCount > 0)
    throw new ColeError(
      'ERR_DATA',
      `expected float32 vectors without nulls in ${what}, got ${vectors.type} with ${vectors.nullCount} nulls`,
    );
  return { table, keys, vectors, cols: listSize };
}

function floatsOf(what: string, { type, children }: Data): Float32Array {
  const { values } = children[0]!;
  if (values instanceof Float32Array) return values;
  throw new ColeError('ERR_DATA', `expected float32 vectors in ${what}, got ${type}`);
}
