/** Arrow IPC files batch by batch, in and out: memory is bound by the largest batch, not by the file. */
import { open } from 'node:fs/promises';
import {
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchReader,
  Schema,
  Struct,
  Table,
  Type,
} from 'apache-arrow';
import { ColeError } from '../base/index.js';
import { type Column, columnFields } from './columns.js';
import { noArrowFile } from './damaged.js';
import { type Embeddings, tableToEmbeddings } from './embeddings.js';
import { Pieces } from './pieces.js';
import { type TokenLists, tokensOf } from './tokens.js';

export interface RowBatch {
  readonly rows: number;
  /** Reads the cells of a column of text; undefined where there is none of that name. */
  text(name: string): ((row: number) => string | undefined) | undefined;
  /** Columns `key` and `embedding`, as `fileToEmbeddings` reads them. */
  embeddings(): Embeddings;
  /** Column `ids`; undefined where there is none. */
  tokens(): TokenLists | undefined;
  /** Of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Batches of an Arrow IPC file or stream. Throws ERR_INPUT where it cannot be opened, ERR_DATA where it is something else. */
export async function* fileBatches(path: string): AsyncGenerator<RowBatch> {
  const file = await open(path).catch((cause: Error) => {
    throw new ColeError('ERR_INPUT', `expected a readable file at ${path}, but ${cause.message}`, { cause });
  });
  try {
    let count = 0;
    for await (const batch of await RecordBatchReader.from(file)) {
      count++;
      yield rowBatch(path, new Table([batch]));
    }
    // The reader takes an empty or foreign file for one without batches.
    if (count === 0) throw new ColeError('ERR_DATA', `expected an Arrow IPC file at ${path} with rows, got none`);
  } catch (cause) {
    if (cause instanceof ColeError) throw cause;
    throw noArrowFile(`at ${path}`, cause);
  } finally {
    await file.close();
  }
}

function rowBatch(path: string, table: Table): RowBatch {
  return {
    rows: table.numRows,
    text(name) {
      const column = table.getChild(name);
      const type = column?.type.typeId === Type.Dictionary ? column.type.dictionary : column?.type;
      if (!column || (type.typeId !== Type.Utf8 && type.typeId !== Type.LargeUtf8)) return undefined;
      return (row) => (column.get(row) as string | null) ?? undefined;
    },
    embeddings: () => tableToEmbeddings(path, table),
    tokens: () => tokensOf(path, table),
    metadata: Object.fromEntries(table.schema.metadata),
  };
}

/** Equally long columns, the same ones in every batch. */
export type ColumnBatch = Readonly<Record<string, Column>>;

/** Pieces of one file with a record batch for each of `batches`, of which there is at least one. */
export function* batchesToFile(batches: Iterable<ColumnBatch>): Generator<Uint8Array> {
  const writer = new RecordBatchFileWriter();
  const sink = new Pieces();
  let schema: Schema | undefined;
  for (const columns of batches) {
    const { fields, children, length } = columnFields(columns);
    if (!schema) {
      schema = new Schema(fields);
      writer.reset(sink, schema);
    }
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children })));
    yield* sink.take();
  }
  writer.finish();
  yield* sink.take();
}
