import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordBatchStreamWriter, Table, tableFromArrays, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { afterAll, describe, expect, it } from 'vitest';
import { columnsToFile, embeddingsToFile, fileBatches } from '#cole/arrow/index.js';
import { matrix } from '#cole/base/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-batches-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const written = (name: string, bytes: Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const all = async (path: string) => {
  const found = [];
  for await (const batch of fileBatches(path)) found.push(batch);
  return found;
};

describe('batches of an Arrow file', () => {
  const pieces = [['a', 'b'], [], ['c', 'ü|~', 'd']];
  const batches = pieces.flatMap((arch) => new Table({ arch: vectorFromArray(arch, new Utf8()) }).batches);

  it('come one by one, from files and from streams', async () => {
    const file = written('file.arrow', tableToIPC(new Table(batches), 'file'));
    const stream = written('stream.arrow', RecordBatchStreamWriter.writeAll(batches).toUint8Array(true));
    for (const path of [file, stream]) {
      const cells = (await all(path)).map(({ rows, text }) =>
        Array.from({ length: rows }, (_, row) => text('arch')!(row)),
      );
      expect(cells.filter((each) => each.length > 0)).toEqual(pieces.filter((each) => each.length > 0));
    }
  });

  it('have dictionaries, cells without a value, and columns that are no text', async () => {
    const table = tableFromArrays({ arch: ['x', null, 'x'], value: Float64Array.of(1, 2, 3) });
    const [batch] = await all(written('dictionary.arrow', tableToIPC(table, 'file')));
    expect([0, 1, 2].map((row) => batch!.text('arch')!(row))).toEqual(['x', undefined, 'x']);
    expect([batch!.text('value'), batch!.text('other')]).toEqual([undefined, undefined]);
    expect(() => batch!.embeddings()).toThrow('columns key (utf8) and embedding');
  });

  it('have embeddings', async () => {
    const rows = matrix(2, 3);
    rows.data.set([1, 2, 3, 4, 5, 6]);
    const [batch] = await all(written('e.arrow', embeddingsToFile({ keys: ['a', 'b'], rows, metadata: {} })));
    expect(batch!.embeddings()).toMatchObject({ keys: ['a', 'b'], rows });
  });

  it('are refused where the file is another one, cut short or not there', async () => {
    const bytes = columnsToFile({ arch: Array.from({ length: 999 }, (_, at) => `network ${at}`) });
    for (const [name, wrong] of [
      ['empty', new Uint8Array(0)],
      ['text', Buffer.from('arch\nthis is no Arrow file, but a table of another kind\n'.repeat(9))],
      ['cut', bytes.subarray(0, bytes.length - 200)],
      ['short', bytes.subarray(0, 300)],
    ] as const)
      await expect(all(written(name, wrong)), name).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining(`expected an Arrow IPC file at ${join(folder, name)}`),
      });
    await expect(all(join(folder, 'absent'))).rejects.toMatchObject({ code: 'ERR_INPUT' });
  });
});
