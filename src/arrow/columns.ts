/** Plain tables of text and number columns as Arrow IPC files, as results are written and benchmark tables are read. */
import {
  Dictionary,
  Field,
  type Float,
  Float32,
  Float64,
  Int32,
  makeData,
  Precision,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Type,
  tableFromIPC,
  tableToIPC,
  Uint32,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { ColeError } from '../base/index.js';
import { noArrowFile } from './damaged.js';

/** Text, or numbers whose array decides their type. A NaN of a Float64Array is written as null. */
export type Column = readonly string[] | Float64Array | Float32Array | Int32Array | Uint32Array;

/** One row per entry; all columns are equally long. */
export function columnsToFile(
  columns: Readonly<Record<string, Column>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { fields, children, length } = columnFields(columns);
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const struct = makeData({ type: new Struct(fields), length, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, struct)]), 'file');
}

/** Columns as Arrow has them. Throws ERR_SHAPE where they are not equally long. */
export function columnFields(columns: Readonly<Record<string, Column>>) {
  const names = Object.keys(columns);
  const length = columns[names[0]!]?.length ?? 0;
  const uneven = names.find((name) => columns[name]!.length !== length);
  if (uneven !== undefined)
    throw new ColeError('ERR_SHAPE', `expected ${length} values in column ${uneven}, got ${columns[uneven]!.length}`);
  const children = names.map((name) => columnData(columns[name]!));
  const fields = names.map((name, i) => new Field(name, children[i]!.type, children[i]!.nullCount > 0));
  return { fields, children, length };
}

function columnData(column: Column) {
  if (column instanceof Float64Array) {
    return vectorFromArray(
      Array.from(column, (value) => (Number.isNaN(value) ? null : value)),
      new Float64(),
    ).data[0]!;
  }
  const length = column.length;
  if (column instanceof Float32Array) return makeData({ type: new Float32(), length, nullCount: 0, data: column });
  if (column instanceof Int32Array) return makeData({ type: new Int32(), length, nullCount: 0, data: column });
  if (column instanceof Uint32Array) return makeData({ type: new Uint32(), length, nullCount: 0, data: column });
  return vectorFromArray(column, new Utf8()).data[0]!;
}

/** A column that was read. Numbers of float32 columns are the shortest decimals that give the same float32. */
export type ReadColumn =
  | { readonly kind: 'text'; readonly values: readonly (string | undefined)[] }
  | { readonly kind: 'number'; readonly values: readonly (number | undefined)[] };

export interface ReadColumns {
  readonly rows: number;
  /** Columns of text (plain or dictionary) and of numbers; others are left out. */
  readonly columns: ReadonlyMap<string, ReadColumn>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Throws ERR_DATA where the bytes are no Arrow IPC file or stream. `what` names it in the message. */
export function fileToColumns(what: string, bytes: Uint8Array): ReadColumns {
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch (cause) {
    throw noArrowFile(`at ${what}`, cause);
  }
  // The reader takes an empty or foreign file for a table without columns.
  if (table.schema.fields.length === 0)
    throw new ColeError('ERR_DATA', `expected an Arrow IPC file with columns at ${what}, got none`);
  const columns = new Map<string, ReadColumn>();
  for (const { name } of table.schema.fields) {
    const column = readColumn(table.getChild(name)!);
    if (column) columns.set(name, column);
  }
  return { rows: table.numRows, columns, metadata: Object.fromEntries(table.schema.metadata) };
}

function readColumn(vector: Vector): ReadColumn | undefined {
  const type = vector.type instanceof Dictionary ? vector.type.dictionary : vector.type;
  const cells = () => Array.from({ length: vector.length }, (_, row) => vector.get(row) ?? undefined);
  if (type.typeId === Type.Utf8 || type.typeId === Type.LargeUtf8) return { kind: 'text', values: cells() };
  if (type.typeId === Type.Float || type.typeId === Type.Int) {
    // A type that was read is a plain Float, whatever class it was written with.
    const single = type.typeId === Type.Float && (type as Float).precision === Precision.SINGLE;
    return {
      kind: 'number',
      values: cells().map((value) => (value === undefined ? undefined : single ? shortest(value) : Number(value))),
    };
  }
  return undefined;
}

/** 91.57 for the float32 next to it, whose double is 91.56999969482422. */
function shortest(value: number): number {
  for (let digits = 6; digits <= 9; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return decimal;
  }
  return value;
}
