/** Named arrays of any lengths as one Arrow IPC file: a single row whose columns are lists, names in the metadata. */
import {
  type Data,
  Field,
  Float32,
  Float64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint8,
} from 'apache-arrow';
import { ColeError } from '../base/index.js';
import { noArrowFile } from './damaged.js';

export type NamedArray = Float32Array | Float64Array | Uint8Array;

export interface NamedArrays {
  readonly arrays: Readonly<Record<string, NamedArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export function arraysToFile({ arrays, metadata }: NamedArrays): Uint8Array {
  const names = Object.keys(arrays);
  const lists = names.map((name) => new List(new Field('item', itemType(arrays[name]!), false)));
  const fields = names.map((name, i) => new Field(name, lists[i]!, false));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const children = names.map((name, i) => {
    const data = arrays[name]!;
    const child = makeData({ type: itemType(data), length: data.length, nullCount: 0, data } as never) as Data;
    return makeData({
      type: lists[i]!,
      length: 1,
      nullCount: 0,
      valueOffsets: Int32Array.of(0, data.length),
      child: child as never,
    });
  });
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(fields), length: 1, nullCount: 0, children: children as unknown as Data[] }),
  );
  return tableToIPC(new Table(schema, [batch]), 'file');
}

function itemType(values: NamedArray): Float32 | Float64 | Uint8 {
  return values instanceof Float32Array ? new Float32() : values instanceof Float64Array ? new Float64() : new Uint8();
}

/** The inverse, as copies. Throws ERR_DATA where the bytes are no such file. `what` names it in the message. */
export function fileToArrays(what: string, bytes: Uint8Array): NamedArrays {
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch (cause) {
    throw noArrowFile(`for ${what}`, cause);
  }
  if (table.numRows !== 1) throw new ColeError('ERR_DATA', `expected one row in ${what}, got ${table.numRows}`);
  const arrays: Record<string, NamedArray> = {};
  for (const field of table.schema.fields) {
    const list = table.getChild(field.name)?.get(0);
    const values = list?.toArray();
    if (!(values instanceof Float32Array || values instanceof Float64Array || values instanceof Uint8Array))
      throw new ColeError(
        'ERR_DATA',
        `expected a list of float32, float64 or uint8 in column ${field.name} of ${what}, got ${field.type}`,
      );
    arrays[field.name] = values.slice();
  }
  return { arrays, metadata: Object.fromEntries(table.schema.metadata) };
}
