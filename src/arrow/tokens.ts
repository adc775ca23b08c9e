/**
 * Token ids as Arrow: `key: utf8` and `ids: list<int32>`, the layout in which the tokenizer gives them, so that they are
 * written and read without a copy. The file's metadata are whoever's who writes it: they name the tokenizer.
 */
import {
  type Data,
  Field,
  type FixedSizeList,
  Int32,
  List,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  type Table,
  Type,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { ColeError } from '../base/index.js';
import { Pieces } from './pieces.js';

/** The ids of row i are `ids[offsets[i]] .. ids[offsets[i + 1] - 1]`. */
export interface TokenLists {
  readonly ids: Int32Array;
  /** [rows + 1], from 0 on. */
  readonly offsets: Int32Array;
}

export interface KeyedTokens extends TokenLists {
  readonly keys: readonly string[];
}

const fields = [
  new Field('key', new Utf8(), false),
  new Field('ids', new List(new Field('item', new Int32(), false)), false),
];

/** Pieces of one file with a record batch for each of `batches`. */
export async function* tokensToFile(
  batches: AsyncIterable<KeyedTokens>,
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  const schema = new Schema(fields as Field[], new Map(Object.entries(metadata)));
  const writer = new RecordBatchFileWriter();
  const pieces = new Pieces();
  writer.reset(pieces, schema);
  for await (const { keys, ids, offsets } of batches) {
    const items = makeData({ type: new Int32(), length: ids.length, nullCount: 0, data: ids });
    const lists = { type: fields[1]!.type as List, length: keys.length, nullCount: 0, valueOffsets: offsets };
    const children = [vectorFromArray(keys, new Utf8()).data[0]!, makeData({ ...lists, child: items as never })];
    const rows = { type: new Struct(fields as Field[]), length: keys.length, nullCount: 0 };
    writer.write(new RecordBatch(schema, makeData({ ...rows, children: children as Data[] })));
    yield* pieces.take();
  }
  writer.finish();
  yield* pieces.take();
}

/**
 * Column `ids` of a table of one batch, undefined where there is none: lists of whole numbers of any width, as other
 * writers make them. Throws ERR_DATA for another type and for nulls, ERR_INPUT for a number beyond int32. `what` names it.
 */
export function tokensOf(what: string, table: Table): TokenLists | undefined {
  const column = table.getChild('ids');
  if (!column) return undefined;
  const lists = [Type.List, Type.LargeList, Type.FixedSizeList];
  const data = column.data[0];
  const items = data?.children[0] as Data | undefined;
  if (!data || !items || !lists.includes(column.type.typeId) || items.type.typeId !== Type.Int)
    throw new ColeError('ERR_DATA', `expected lists of token ids as column ids of ${what}, got ${column.type}`);
  if (column.nullCount > 0 || items.nullCount > 0)
    throw new ColeError('ERR_DATA', `expected token ids without nulls in column ids of ${what}, got some`);
  const ends =
    column.type.typeId === Type.FixedSizeList
      ? Array.from({ length: data.length + 1 }, (_, row) => row * (column.type as FixedSizeList).listSize)
      : Array.from(data.valueOffsets as ArrayLike<number | bigint>, Number);
  const [first, last] = [ends[0]!, ends[data.length]!];
  const offsets = Int32Array.from(ends.slice(0, data.length + 1), (end) => end - first);
  return { ids: int32Of(what, (items.values as Int32Array).subarray(first, last)), offsets };
}

function int32Of(what: string, values: ArrayLike<number | bigint>): Int32Array {
  if (values instanceof Int32Array) return values;
  const ids = Int32Array.from(values, Number);
  const wrong = ids.findIndex((id, at) => id !== Number(values[at]));
  if (wrong >= 0) throw new ColeError('ERR_INPUT', `expected a token id of 32 bits in ${what}, got ${values[wrong]}`);
  return ids;
}
