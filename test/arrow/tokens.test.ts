/** Token ids through Arrow files: ours exactly, and what other writers make of lists. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, FixedSizeList, Float64, Int64, List, Table, tableToIPC, Uint16, vectorFromArray } from 'apache-arrow';
import { afterAll, describe, expect, it } from 'vitest';
import { fileBatches, type KeyedTokens, tokensToFile } from '#cole/arrow/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-tokens-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = async (bytes: Uint8Array) => {
  const path = join(folder, 'tokens.arrow');
  writeFileSync(path, bytes);
  const found = [];
  for await (const batch of fileBatches(path)) found.push(batch);
  return found;
};
const lists = (values: readonly (readonly unknown[] | null)[], type: List | FixedSizeList) =>
  read(tableToIPC(new Table({ ids: vectorFromArray(values as never, type as never) }), 'file'));
const rowsOf = ({ ids, offsets }: { ids: Int32Array; offsets: Int32Array }) =>
  Array.from({ length: offsets.length - 1 }, (_, row) => [...ids.subarray(offsets[row], offsets[row + 1])]);

describe('token ids in an Arrow file', () => {
  it('come back batch by batch, with their keys and metadata', async () => {
    const batches: KeyedTokens[] = [
      { keys: ['a', 'ü'], ids: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 1, 3) },
      { keys: ['empty', 'c'], ids: Int32Array.of(2 ** 31 - 1), offsets: Int32Array.of(0, 0, 1) },
    ];
    const given = async function* () {
      yield* batches;
    };
    const pieces = [];
    for await (const piece of tokensToFile(given(), { tokenizer: 'abc' })) pieces.push(piece);
    const found = await read(Buffer.concat(pieces));
    expect(found.map(({ metadata }) => metadata.tokenizer)).toEqual(['abc', 'abc']);
    expect(found.map((batch) => rowsOf(batch.tokens()!))).toEqual([
      [[1], [2, 3]],
      [[], [2 ** 31 - 1]],
    ]);
    expect([0, 1].map((row) => found[1]!.text('key')!(row))).toEqual(['empty', 'c']);
    expect(found[0]!.text('ids')).toBeUndefined();
  });

  it('are read from lists of other widths', async () => {
    const item = (type: Int64 | Uint16) => new Field('item', type, true);
    const [wide] = await lists([[5n, 2n ** 31n - 1n], [], [7n]], new List(item(new Int64())));
    expect(rowsOf(wide!.tokens()!)).toEqual([[5, 2 ** 31 - 1], [], [7]]);
    const [fixed] = await lists(
      [
        [1, 2],
        [3, 65535],
      ],
      new FixedSizeList(2, item(new Uint16())),
    );
    expect(rowsOf(fixed!.tokens()!)).toEqual([
      [1, 2],
      [3, 65535],
    ]);
  });

  it('are refused where they are no token ids, and absent where there is no such column', async () => {
    const int64 = new List(new Field('item', new Int64(), true));
    const refused = async (values: readonly (readonly unknown[] | null)[], type: List, message: string) => {
      const [batch] = await lists(values, type);
      expect(() => batch!.tokens()).toThrow(message);
    };
    await refused([[1n], [2n ** 31n]], int64, 'a token id of 32 bits in');
    await refused([[1n], null], int64, 'without nulls');
    await refused([[1n, null]], int64, 'without nulls');
    await refused(
      [[0.5]],
      new List(new Field('item', new Float64(), true)),
      'expected lists of token ids as column ids',
    );
    const [other] = await read(tableToIPC(new Table({ value: vectorFromArray([1, 2]) }), 'file'));
    expect(other!.tokens()).toBeUndefined();
  });
});
