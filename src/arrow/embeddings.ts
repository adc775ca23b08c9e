/**
 * Embeddings as an Arrow IPC file: `key: utf8`, and `embedding: fixed_size_list<float32>[d]` or several such columns with
 * names of their own, such as those of poolings. What they share is told in the schema's metadata, the rest in that of each
 * column's field.
 */
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

export interface EmbeddingColumns {
  readonly keys: readonly string[];
  /** By name; one row a key. */
  readonly columns: Readonly<Record<string, Omit<Embeddings, 'keys'>>>;
  /** Of all columns. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The column of a file with one kind of vectors. */
const onlyColumn = 'embedding';

export function embeddingsToFile({ keys, rows, metadata }: Embeddings): Uint8Array {
  return embeddingColumnsToFile({ keys, columns: { [onlyColumn]: { rows, metadata: {} } }, metadata });
}

export function embeddingColumnsToFile({ keys, columns, metadata }: EmbeddingColumns): Uint8Array {
  const fields = [new Field('key', new Utf8(), false)];
  const children: Data[] = [vectorFromArray(keys, new Utf8()).data[0]!];
  for (const [name, { rows, metadata: own }] of Object.entries(columns)) {
    if (keys.length !== rows.rows)
      throw new ColeError('ERR_SHAPE', `expected ${rows.rows} keys, one a row of ${name}, got ${keys.length}`);
    const list = new FixedSizeList(rows.cols, new Field('item', new Float32(), false));
    const values = makeData({ type: new Float32(), length: rows.data.length, nullCount: 0, data: rows.data });
    fields.push(new Field(name, list, false, new Map(Object.entries(own))) as never);
    children.push(makeData({ type: list, length: rows.rows, nullCount: 0, child: values }));
  }
  const schema = new Schema(fields as Field[], new Map(Object.entries(metadata)));
  const struct = makeData({ type: new Struct(fields as Field[]), length: keys.length, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, struct)]), 'file');
}

/**
 * The inverse, as copies; also takes what other Arrow writers make of the same columns. `what` names the file in messages.
 * Without `column` the vectors are those of `embedding`. Metadata of the column goes over the file's.
 */
export function fileToEmbeddings(what: string, bytes: Uint8Array, column = onlyColumn): Embeddings {
  return tableToEmbeddings(what, tableOf(what, bytes), column);
}

/** The same of a table that was read already, such as a batch of a stream. */
export function tableToEmbeddings(what: string, table: Table, column = onlyColumn): Embeddings {
  const { keys, vectors, cols, own } = columnsOf(what, table, column);
  const rows = matrix(table.numRows, cols);
  let at = 0;
  for (const chunk of vectors.data) {
    const values = floatsOf(what, chunk);
    rows.data.set(values.subarray(chunk.offset * cols, (chunk.offset + chunk.length) * cols), at);
    at += chunk.length * cols;
  }
  return { keys: [...keys] as string[], rows, metadata: Object.fromEntries([...table.schema.metadata, ...own]) };
}

/**
 * Where the vectors of a file that `embeddingsToFile` wrote lie in it, one after the other from byte `offset` on, so that
 * single ones can be read.
 */
export function locateEmbeddings(
  what: string,
  bytes: Uint8Array,
): { readonly keys: readonly string[]; readonly cols: number; readonly offset: number } {
  const { keys, vectors, cols } = columnsOf(what, tableOf(what, bytes), onlyColumn);
  const [chunk, ...others] = vectors.data;
  const values = chunk && floatsOf(what, chunk);
  // What another writer compressed or cut into batches lies elsewhere.
  if (!values || others.length > 0 || values.buffer !== bytes.buffer)
    throw new ColeError('ERR_DATA', `expected the vectors of ${what} in one uncompressed batch`);
  return { keys: [...keys] as string[], cols, offset: values.byteOffset - bytes.byteOffset + 4 * chunk.offset * cols };
}

function tableOf(what: string, bytes: Uint8Array): Table {
  try {
    return tableFromIPC(bytes);
  } catch (cause) {
    throw new ColeError(
      'ERR_DATA',
      `expected an Arrow file of embeddings at ${what}, but ${(cause as Error).message}`,
      { cause },
    );
  }
}

function columnsOf(what: string, table: Table, column: string) {
  const keys = table.getChild('key');
  const vectors = table.getChild(column);
  const field = table.schema.fields.find(({ name }) => name === column);
  const others = table.schema.fields.filter(({ type }) => type.typeId === Type.FixedSizeList).map(({ name }) => name);
  if (field === undefined && others.length > 0)
    throw new ColeError('ERR_INPUT', `expected a column ${column} in ${what}, got those of ${others.join(', ')}`);
  if (keys?.type.typeId !== Type.Utf8 || vectors?.type.typeId !== Type.FixedSizeList)
    throw new ColeError(
      'ERR_DATA',
      `expected columns key (utf8) and ${column} (fixed_size_list) in ${what}, got ${table.schema}`,
    );
  const { listSize, children } = vectors.type as FixedSizeList;
  if (children[0]!.type.typeId !== Type.Float || keys.nullCount > 0 || vectors.nullCount > 0)
    throw new ColeError(
      'ERR_DATA',
      `expected float32 vectors without nulls in ${what}, got ${vectors.type} with ${vectors.nullCount} nulls`,
    );
  return { keys, vectors, cols: listSize, own: field!.metadata };
}

function floatsOf(what: string, { type, children }: Data): Float32Array {
  const { values } = children[0]!;
  if (values instanceof Float32Array) return values;
  throw new ColeError('ERR_DATA', `expected float32 vectors in ${what}, got ${type}`);
}
