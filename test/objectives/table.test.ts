import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { columnsToFile } from '#cole/arrow/index.js';
import { openTable, type Table, tableObjective } from '#cole/objectives/index.js';
import { space } from '#cole/spaces/index.js';

const nb201 = space('nas-bench-201');
const cell = (op: string) => `|${op}~0|+|none~0|none~1|+|none~0|none~1|none~2|`;
const [a, b, c, d] = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3'].map(cell) as [
  string,
  string,
  string,
  string,
];
const folder = mkdtempSync(join(tmpdir(), 'cole-table-'));
let files = 0;

async function open(text: string, name = `t${files++}.csv`): Promise<Table> {
  const path = join(folder, name);
  writeFileSync(path, text);
  return openTable(path, nb201);
}

describe('openTable on JSON lines', () => {
  const lines = (...rows: string[]) => open(rows.join('\n'), `t${files++}.jsonl`);
  it('reads what programs that train write, missing values included', async () => {
    const table = await lines(
      `\ufeff{"arch": "${a}", "val": 90.5, "split": "x", "key": "k", "epochs": null}\r`,
      '',
      `{"arch": "${b}", "val": 1e1, "test": 3, "epochs": 5}`,
    );
    expect(table.metrics).toEqual(['val', 'epochs', 'test']);
    expect([table.value(a, 'val'), table.value(b, 'val')]).toEqual([90.5, 10]);
    expect([table.value(a, 'test'), table.value(a, 'epochs'), table.value(b, 'epochs')]).toEqual([
      undefined,
      undefined,
      5,
    ]);
  });
  it.each([
    ['no JSON', [`{"arch": "${a}", "m": 1`], 'expected JSON on line 1 of t'],
    ['no object', [`{"arch": "${a}", "m": 1}`, '3'], 'expected a JSON object on line 2 of t'],
    ['no architecture', [`{"arch": "${a}", "m": 1}`, '', '{"m": 2}'], 'expected a text as arch on line 3 of t'],
    ['no metric', [`{"arch": "${a}", "note": "good"}`], 'expected a column of numbers beside arch'],
    ['an empty file', [''], 'got no row'],
    ['NaN, as Python writes it', [`{"arch": "${a}", "m": NaN}`], `expected a number as m of ${a} (line 1 of`],
    ['a word', [`{"arch": "${a}", "m": 1}`, `{"arch": "${b}", "m": "2"}`], `expected a number as m of ${b} (line 2 of`],
    ['rows that disagree', [`{"arch": "${a}", "m": 1}`, `{"arch": "${a}", "m": 2}`], 'got 1 (line 1) and 2 (line 2)'],
  ])('refuses %s', async (_, rows, message) => {
    const metric = async () => (await lines(...rows)).metric('m');
    await expect(metric()).rejects.toMatchObject({ code: 'ERR_DATA', message: expect.stringContaining(message) });
  });
});

describe('openTable on CSV', () => {
  it('reads metrics, missing values and quoted fields', async () => {
    const table = await open(`index,arch,"val, mean",test,split\r\n0,${a},90.5,,x\r\n1,"${b}",,1e1,y\r\n\r\n`);
    expect(table.metrics).toEqual(['val, mean', 'test']);
    expect(table.archs).toEqual([a, b]);
    expect(table.value(a, 'val, mean')).toBe(90.5);
    expect(table.value(a, 'test')).toBeUndefined();
    expect(table.value(b, 'test')).toBe(10);
    expect(table.value(c, 'test')).toBeUndefined();
    expect(table.best('test')).toBe(10);
    expect(table.hash).toMatch(/^[0-9a-f]{64}$/);
  });
  it('reads quotes with line breaks and doubled quotes, and a byte order mark', async () => {
    const table = await open(`\ufeffarch,"a ""b""\nc"\n${a},3`);
    expect(table.metrics).toEqual(['a "b"\nc']);
    expect(table.value(a, 'a "b"\nc')).toBe(3);
  });
  it('meets other spellings of an architecture under its printed form', async () => {
    const swapped = '|none~0|+|skip_connect~1|none~0|+|none~0|none~1|none~2|';
    const table = await open(`arch,m\n${swapped},5\n`);
    expect(table.value('|none~0|+|none~0|skip_connect~1|+|none~0|none~1|none~2|', 'm')).toBe(5);
  });
  it('takes duplicate rows with equal values as one', async () => {
    const table = await open(`arch,m\n${a},5\n${b},6\n${a},5.0\n`);
    expect(table.archs).toEqual([a, b]);
    expect(table.value(a, 'm')).toBe(5);
  });

  const wrong = async (text: string, metric?: string) => {
    const table = await open(text);
    if (metric) table.metric(metric);
  };
  it.each([
    ['an empty file', '', 'expected a column arch in t', 'ERR_DATA'],
    ['a header alone', 'arch,m\n', 'got no row', 'ERR_DATA'],
    ['no arch column', `architecture,m\n${a},1\n`, 'expected a column arch in', 'ERR_DATA'],
    ['no metric', `arch,note\n${a},good\n`, 'expected a column of numbers beside arch', 'ERR_DATA'],
    ['a column twice', `arch,m,m\n${a},1,2\n`, 'got "m" twice', 'ERR_DATA'],
    ['a short row', `arch,m\n${a},1\n${b}\n`, 'expected 2 fields on line 3', 'ERR_DATA'],
    ['an open quote', `arch,m\n${a},"1\n`, 'that starts on line 2', 'ERR_DATA'],
    ['text after a quote', `arch,m\n"${a}"x,1\n`, 'expected a comma after a quoted field on line 2', 'ERR_DATA'],
    ['an architecture that is none', `arch,m\n${a},1\n|conv~0|,2\n`, 'line 3 of t', 'ERR_INPUT'],
  ])('refuses %s', async (_, text, message, code) => {
    await expect(wrong(text)).rejects.toMatchObject({
      name: 'ColeError',
      code,
      message: expect.stringContaining(message),
    });
  });
  it.each([
    ['NaN', `arch,m\n${a},1\n${b},NaN\n`, `expected a number as m of ${b} (line 3 of`],
    ['nan in the first row', `arch,m\n${a},nan\n`, `expected a number as m of ${a} (line 2 of`],
    ['infinity', `arch,m\n${a},1\n${b},Infinity\n`, '(line 3 of'],
    ['a word', `arch,m\n${a},1\n${b},high\n`, '(line 3 of'],
    ['duplicates that differ', `arch,m\n${a},1\n${b},2\n${a},3\n`, 'got 1 (line 2) and 3 (line 4)'],
    ['duplicates of which one is missing', `arch,m\n${a},1\n${a},\n`, 'got 1 (line 2) and nothing (line 3)'],
  ])('refuses %s when the metric is used', async (_, text, message) => {
    await expect(wrong(text, 'm')).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(message),
    });
  });
  it('names the nearest metric', async () => {
    await expect(wrong(`arch,test_accuracy\n${a},1\n`, 'test_acuracy')).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining('did you mean test_accuracy?'),
    });
  });
  it('says what is wrong with a path', async () => {
    await expect(openTable(join(folder, 'absent.csv'), nb201)).rejects.toThrow('no such file');
    await expect(openTable(join(folder, 'x.xlsx'), nb201)).rejects.toThrow('got .xlsx');
  });
});

describe('openTable on Arrow', () => {
  const write = (columns: Parameters<typeof columnsToFile>[0]) => {
    const path = join(folder, `t${files++}.arrow`);
    writeFileSync(path, columnsToFile(columns));
    return path;
  };
  it('reads metrics and missing values', async () => {
    const path = write({
      arch: [a, b],
      index: Int32Array.of(7, 8),
      val: Float32Array.of(91.57, 5),
      test: Float64Array.of(1, NaN),
    });
    const table = await openTable(path, nb201);
    expect(table.metrics).toEqual(['val', 'test']);
    expect([table.value(a, 'val'), table.value(a, 'test'), table.value(b, 'test')]).toEqual([91.57, 1, undefined]);
  });
  it('refuses a file without architectures, one that is cut short, and a NaN', async () => {
    await expect(openTable(write({ name: [a] }), nb201)).rejects.toThrow('expected a column arch of text in');
    await expect(openTable(write({ arch: [a], note: ['x'] }), nb201)).rejects.toThrow('column of numbers beside arch');
    const path = write({ arch: [a, b], val: Float32Array.of(1, NaN) });
    const table = await openTable(path, nb201);
    expect(() => table.metric('val')).toThrow(`expected a number as val of ${b} (row 2 of`);
    truncateSync(path, 50);
    await expect(openTable(path, nb201)).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});

describe('tableObjective', () => {
  it('gives values, counts each miss once and names it', async () => {
    const table = await open(`arch,val,test\n${a},1,10\n${b},2,\n${c},,30\n`);
    const objective = tableObjective(table, ['val', 'test']);
    const [first, second, third, fourth] = await objective.evaluate([a, b, c, d]);
    expect(first).toEqual({ status: 'ok', metrics: { val: 1, test: 10 } });
    expect(second).toEqual({ status: 'ok', metrics: { val: 2 } });
    expect(third).toMatchObject({ status: 'miss', reason: expect.stringContaining(c) });
    expect(fourth).toMatchObject({ status: 'miss' });
    await objective.evaluate([c, d, d]);
    expect(objective.misses).toBe(2);
  });
});
