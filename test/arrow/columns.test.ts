import { Dictionary, Int32, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { columnsToFile, fileToColumns } from '#cole/arrow/index.js';

describe('columns', () => {
  it('come back as they went', () => {
    const bytes = columnsToFile(
      {
        arch: ['a', '', 'ü|~'],
        value: Float64Array.of(1.1, Number.NaN, -0.5),
        single: Float32Array.of(91.57, 1 / 3, 5),
        count: Int32Array.of(-1, 0, 2 ** 31 - 1),
        seed: Uint32Array.of(0, 1, 2 ** 32 - 1),
      },
      { metric: 'value' },
    );
    const { rows, columns, metadata } = fileToColumns('t.arrow', bytes);
    expect(rows).toBe(3);
    expect(metadata).toEqual({ metric: 'value' });
    expect(columns.get('arch')).toEqual({ kind: 'text', values: ['a', '', 'ü|~'] });
    expect(columns.get('value')!.values).toEqual([1.1, undefined, -0.5]);
    // Shortest decimals of the float32.
    expect(columns.get('single')!.values).toEqual(
      [91.57, 0.333333343, 5].map((v, i) => (i === 1 ? expect.closeTo(v, 7) : v)),
    );
    expect(Math.fround(columns.get('single')!.values[1] as number)).toBe(Math.fround(1 / 3));
    expect(columns.get('count')!.values).toEqual([-1, 0, 2 ** 31 - 1]);
    expect(columns.get('seed')!.values).toEqual([0, 1, 2 ** 32 - 1]);
  });
  it('read dictionaries and nulls of other writers', () => {
    const table = new Table({
      arch: vectorFromArray(['x', 'y', 'x', null], new Dictionary(new Utf8(), new Int32())),
      m: vectorFromArray([1, null, 3, 4], new Int32()),
    });
    const { columns } = fileToColumns('t.arrow', tableToIPC(table, 'stream'));
    expect(columns.get('arch')).toEqual({ kind: 'text', values: ['x', 'y', 'x', undefined] });
    expect(columns.get('m')!.values).toEqual([1, undefined, 3, 4]);
  });
  it('holds no rows', () => {
    expect(fileToColumns('t', columnsToFile({ a: [], b: new Float64Array() })).rows).toBe(0);
  });
  it('refuses uneven columns and foreign bytes', () => {
    expect(() => columnsToFile({ a: ['x'], b: Float64Array.of(1, 2) })).toThrow('expected 1 values in column b, got 2');
    expect(() => fileToColumns('f.arrow', new Uint8Array())).toThrow('f.arrow');
    expect(() => fileToColumns('f.arrow', Buffer.from('arch,m\nx,1\n'))).toThrow('f.arrow');
    const whole = columnsToFile({ a: ['x', 'y'] });
    expect(() => fileToColumns('f.arrow', whole.subarray(0, 40))).toThrow('f.arrow');
  });
});
