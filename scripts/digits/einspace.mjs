// Turns the run directories of `cole search --command` into data/einspace-digits.arrow, one row for each network.
//   node scripts/digits/einspace.mjs RUN... [--out FILE] [--again FILE]
// A row comes from the journal; the text that was trained on is read from the run's code file and must be what the
// renderer writes today. A network that several runs have trained keeps its first row. --again names JSON lines of
// einspace-again.mjs; with it the figures of the card are printed too.
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { columnsToFile } from '../../dist/arrow/index.js';
import { kendallTauB } from '../../dist/base/index.js';
import { renderer } from '../../dist/code/index.js';
import { space as spaceOf, traceOf } from '../../dist/spaces/index.js';

const style = 'flat+head';
const { positionals: runs, values: flags } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'data/einspace-digits.arrow' }, again: { type: 'string' } },
});
if (runs.length === 0) fail('usage: einspace.mjs RUN... [--out FILE] [--again FILE]');

function fail(message) {
  console.error(message);
  process.exit(1);
}

const lines = (path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** The text between the imports and the last line break of a code file. */
function trainedText(run, trial, arch) {
  const file = readFileSync(join(run, 'trainings', `${trial}-${sha256(arch).slice(0, 16)}.py`), 'utf8');
  return file.slice(file.indexOf('\n\n\n') + 3, -1);
}

const rows = new Map();
let spaceName;
for (const run of runs) {
  const { options } = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
  if (spaceName && spaceName !== options.space)
    fail(`expected runs of one space, got ${spaceName} and ${options.space}`);
  spaceName = options.space;
  if (options.source.style !== style) fail(`expected code of style ${style}, got ${options.source.style} in ${run}`);
  const space = spaceOf(spaceName);
  const { render } = renderer(spaceName, style);
  for (const { type, trial, arch, seed, outcome } of lines(join(run, 'journal.jsonl'))) {
    if (type !== 'training' || rows.has(arch)) continue;
    const network = space.parse(arch);
    const text = trainedText(run, trial, arch);
    if (text !== render(network) || space.print(network) !== arch) fail(`expected the text of today for ${arch}`);
    const { val_accuracy: val, test_accuracy: test, parameters } = outcome.metrics ?? {};
    const { parameters: symbolic } = traceOf(network);
    if (parameters < symbolic) fail(`expected at least ${symbolic} parameters in ${arch}, got ${parameters}`);
    rows.set(arch, {
      arch,
      code_sha256: sha256(text),
      val_accuracy: val,
      test_accuracy: test,
      train_seconds: outcome.cost,
      parameters: symbolic,
      seed,
      origin: options.settings.strategy,
      status: outcome.status,
      reason: outcome.status === 'ok' ? '' : outcome.reason.split('\n')[0],
    });
  }
}

const all = [...rows.values()];
const text = (name) => all.map((row) => row[name]);
const decimals = (name, digits) =>
  Float64Array.from(all, (row) => (row[name] === undefined ? Number.NaN : Number(row[name].toFixed(digits))));
const bytes = columnsToFile(
  {
    arch: text('arch'),
    code_sha256: text('code_sha256'),
    val_accuracy: decimals('val_accuracy', 3),
    test_accuracy: decimals('test_accuracy', 3),
    train_seconds: decimals('train_seconds', 3),
    parameters: Int32Array.from(text('parameters')),
    seed: Uint32Array.from(text('seed')),
    origin: text('origin'),
    status: text('status'),
    reason: text('reason'),
  },
  { name: 'einspace-digits', card: 'einspace-digits.md', space: spaceName, style, licence: 'Apache-2.0' },
);
writeFileSync(`${flags.out}.tmp`, bytes);
renameSync(`${flags.out}.tmp`, flags.out);
console.log(`${flags.out}: ${all.length} networks, ${bytes.length} bytes`);

const count = (values) => {
  const found = new Map();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return [...found]
    .sort((a, b) => b[1] - a[1])
    .map(([value, n]) => `${value} ${n}`)
    .join(', ');
};
const quantiles = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
    .map((q) => Number(sorted[Math.round(q * (sorted.length - 1))].toFixed(1)))
    .join(' ');
};
const tau = (pairs) =>
  `${kendallTauB(
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b),
  ).toFixed(3)} (n = ${pairs.length})`;
const ok = all.filter(({ status }) => status === 'ok');
const space = spaceOf(spaceName);
console.log(
  `status: ${count(text('status'))}; reasons: ${count(all.filter(({ reason }) => reason).map(({ reason }) => reason))}`,
);
console.log(
  `different canonical keys: ${new Set(all.map(({ arch }) => space.canonicalKey(space.parse(arch)))).size}; different texts: ${new Set(text('code_sha256')).size}`,
);
for (const origin of ['random', 'evolution']) {
  const values = ok.filter((row) => row.origin === origin).map((row) => row.val_accuracy);
  if (values.length > 0)
    console.log(`validation accuracy, ${origin} (${values.length}), min/p10/p25/p50/p75/p90/max: ${quantiles(values)}`);
}
console.log(`validation accuracy, all (${ok.length}): ${quantiles(ok.map((row) => row.val_accuracy))}`);
console.log(`parameters: ${quantiles(ok.map((row) => row.parameters))}`);
console.log(
  `CPU seconds of a training: mean ${(ok.reduce((sum, row) => sum + row.train_seconds, 0) / ok.length).toFixed(3)}, all ${(ok.reduce((sum, row) => sum + row.train_seconds, 0) / 60).toFixed(1)} minutes`,
);
console.log(`tau validation, test: ${tau(ok.map((row) => [row.val_accuracy, row.test_accuracy]))}`);
console.log(`tau with parameters: ${tau(ok.map((row) => [row.val_accuracy, row.parameters]))}`);
if (flags.again) {
  const pairs = lines(flags.again)
    .filter(({ outcome, arch }) => outcome.status === 'ok' && rows.get(arch)?.status === 'ok')
    .map(({ arch, outcome }) => [rows.get(arch).val_accuracy, outcome.metrics.val_accuracy]);
  const middle = [...pairs].sort(([a], [b]) => a - b)[pairs.length >> 1][0];
  const spread = pairs.map(([a, b]) => Math.abs(a - b) / Math.SQRT2).sort((a, b) => a - b)[pairs.length >> 1];
  console.log(`tau between two seeds: ${tau(pairs)}; in the better half: ${tau(pairs.filter(([a]) => a >= middle))}`);
  console.log(`median deviation between two seeds: ${spread.toFixed(2)} points`);
}
