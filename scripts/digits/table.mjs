// Turns the journal of train.py into data/nas-bench-201-digits.arrow: one row for each of the 15,625 architectures.
//   node scripts/digits/table.mjs JOURNAL [OUT] [--partial]
// Every text that was trained on must be the one that the renderer writes today (sha256), and every class must be
// there. With --partial the classes that the journal lacks are left out and the metadata counts what is there.
// The architecture is stored as the integer `arch_code`: 15,625 strings alone would take more than a megabyte.
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Field, Float32, Int32, makeData, RecordBatch, Schema, Struct, Table, tableToIPC, Uint16 } from 'apache-arrow';
import { renderer } from '../../dist/code/index.js';
import { operations, parseCell } from '../../dist/spaces/nas-bench-201/cell.js';
import { uniqueString } from '../../dist/spaces/nas-bench-201/isomorphism.js';

const allCells = 15_625;
const allClasses = 6_466;
const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { partial: { type: 'boolean', default: false } },
});
const [journalPath, outPath = 'data/nas-bench-201-digits.arrow'] = positionals;
if (!journalPath) fail('usage: table.mjs JOURNAL [OUT] [--partial]');

/** Header and one row for each class. A line that a kill has torn is not JSON and is skipped. */
function readJournal(path) {
  const [first, ...lines] = readFileSync(path, 'utf8').split('\n');
  const rows = new Map();
  for (const line of lines) {
    let row;
    try {
      row = JSON.parse(line);
    } catch {
      continue;
    }
    rows.set(row.class, row);
  }
  return { header: JSON.parse(first), rows };
}

function checkTexts(rows) {
  const { render } = renderer('nas-bench-201', 'exclude_helper');
  for (const row of rows.values()) {
    const cell = parseCell(row.arch);
    const digest = createHash('sha256').update(render(cell)).digest('hex');
    if (row.text_sha256 !== digest) fail(`expected the renderer's text for ${row.arch}, got sha256 ${row.text_sha256}`);
    if (row.class !== uniqueString(cell))
      fail(`expected class ${uniqueString(cell)} for ${row.arch}, got ${row.class}`);
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Cell of an `arch_code`: base-5 digits, first edge least significant. */
const cellOfCode = (code) => Array.from({ length: 6 }, (_, edge) => operations[Math.floor(code / 5 ** edge) % 5]);

const { header, rows } = readJournal(journalPath);
checkTexts(rows);
const classes = Array.from({ length: allCells }, (_, code) => uniqueString(cellOfCode(code)));
// Class ids are ranks of the unique strings, so they do not depend on what the journal holds.
const ids = new Map([...new Set(classes)].sort().map((name, id) => [name, id]));
if (ids.size !== allClasses) fail(`expected ${allClasses} classes, got ${ids.size}`);
const codes = [...classes.keys()].filter((code) => rows.has(classes[code]));
if (codes.length < allCells && !flags.partial)
  fail(`expected ${allClasses} classes in ${journalPath}, got ${rows.size}; --partial writes those`);

const sizes = { val: header.validation_rows, test: header.test_rows };
const column = (make, value) => make(codes.map((code) => value(rows.get(classes[code]), code)));
const uint16 = (value) => [new Uint16(), column((list) => Uint16Array.from(list), value)];
const float32 = (value) => [new Float32(), column((list) => Float32Array.from(list), value)];
const int32 = (value) => [new Int32(), column((list) => Int32Array.from(list), value)];
const percent = (split) => (row) => {
  return (100 * row[split].reduce((sum, correct) => sum + correct, 0)) / (row[split].length * sizes[split]);
};
const columns = {
  arch_code: uint16((_, code) => code),
  class_id: uint16((row) => ids.get(row.class)),
  val_accuracy: float32(percent('val')),
  test_accuracy: float32(percent('test')),
};
for (const split of ['val', 'test']) {
  header.seeds.forEach((seed, at) => {
    columns[`${split}_correct_${seed}`] = uint16((row) => row[split][at]);
  });
}
columns.train_seconds = float32((row) => row.seconds);
columns.parameters = int32((row) => row.parameters);

const metadata = {
  name: 'nas-bench-201-digits',
  card: 'nas-bench-201-digits.md',
  space: 'nas-bench-201',
  arch_code: 'sum over the six edges, in the order of the string, of the place of the operation in operations * 5^edge',
  operations: JSON.stringify(operations),
  validation_rows: String(sizes.val),
  test_rows: String(sizes.test),
  seeds: JSON.stringify(header.seeds),
  recipe: JSON.stringify(header.recipe),
  versions: JSON.stringify(header.versions),
  architectures: String(codes.length),
  trained_classes: String(rows.size),
  licence: 'Apache-2.0',
};
const fields = Object.entries(columns).map(([name, [type]]) => new Field(name, type, false));
const children = Object.values(columns).map(([type, data]) =>
  makeData({ type, length: codes.length, nullCount: 0, data }),
);
const schema = new Schema(fields, new Map(Object.entries(metadata)));
const batch = new RecordBatch(
  schema,
  makeData({ type: new Struct(fields), length: codes.length, nullCount: 0, children }),
);
const bytes = tableToIPC(new Table(schema, [batch]), 'file');
writeFileSync(`${outPath}.tmp`, bytes);
renameSync(`${outPath}.tmp`, outPath);
console.log(`${outPath}: ${codes.length} architectures of ${rows.size} classes, ${bytes.length} bytes`);
