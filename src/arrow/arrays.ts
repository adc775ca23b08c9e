/** Named float32 arrays of any lengths as one Arrow IPC file: a single row whose columns are lists, names in the metadata. */
import {
  type Data,
  Field,
  Float32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
} from 'apache-arrow';
import { ColeError } from '../base/index.js';

export interface NamedArrays {
  readonly arrays: Readonly<Record<string, Float32Array>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export function arraysToFile({ arrays, metadata }: NamedArrays): Uint8Array {
  const item = new Field('item', new Float32(), false);
  const names = Object.keys(arrays);
  const fields = names.map((name) => new Field(name, new List(item), false));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const children = names.map((name) => {
    const values = arrays[name]!;
    return makeData({
      type: new List(item),
      length: 1,
      nullCount: 0,
      valueOffsets: Int32Array.of(0, values.length),
      child: makeData({ type: new Float32(), length: values.length, nullCount: 0, data: values }),
    });
  });
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(fields), length: 1, nullCount: 0, children: children as unknown as Data[] }),
  );
  return tableToIPC(new Table(schema, [batch]), 'file');
}

/** The inverse, as copies. Throws ERR_DATA where the bytes are no such file. `what` names it in the message. */
export function fileToArrays(what: string, bytes: Uint8Array): NamedArrays {
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected an Arrow IPC file for ${what}, but ${(cause as Error).message}`, {
      cause,
    });
  }
  if (table.numRows !== 1) throw new ColeError('ERR_DATA', `expected one row in ${what}, got ${table.numRows}`);
  const arrays: Record<string, Float32Array> = {};
  for (const field of table.schema.fields) {
    const list = table.getChild(field.name)?.get(0);
    const values = list?.toArray();
    if (!(values instanceof Float32Array))
      throw new ColeError(
        'ERR_DATA',
        `expected a list of float32 in column ${field.name} of ${what}, got ${field.type}`,
      );
    arrays[field.name] = values.slice();
  }
  return { arrays, metadata: Object.fromEntries(table.schema.metadata) };
}
