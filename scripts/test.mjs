// The whole test run after set-up: types, lint, then all vitest projects. Ends with one plain line of counts, which is
// what machines read; types and lint count as one test each. A run without tests is a failure.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const report = join(root, 'build', 'test-report.json');
const tool = (...parts) => join(root, 'node_modules', ...parts);

function run(script, args) {
  return spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status;
}

const checks = [
  ['types', tool('typescript', 'bin', 'tsc'), ['-p', 'test/tsconfig.json']],
  ['lint', tool('@biomejs', 'biome', 'bin', 'biome'), ['check', '.']],
];
let passed = 0;
let failed = 0;
for (const [name, script, args] of checks) {
  const fine = run(script, args) === 0;
  console.log(`${name}: ${fine ? 'ok' : 'FAILED'}`);
  if (fine) passed++;
  else failed++;
}

mkdirSync(dirname(report), { recursive: true });
rmSync(report, { force: true });
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const status = run(tool('vitest', 'vitest.mjs'), ['run', ...reporters, ...process.argv.slice(2)]);
const counts = countTests();
if (status !== 0 && counts.failed === 0) counts.failed = 1; // an error outside any test
passed += counts.passed;
failed += counts.failed;

const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${passed} passed, ${failed} failed${skipped}`);
process.exitCode = failed > 0 || counts.passed === 0 ? 1 : 0;

function countTests() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let files;
  try {
    files = JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch (error) {
    console.error(`no test report: ${error.message}`);
    return counts;
  }
  for (const file of files) {
    const of = (state) => file.assertionResults.filter((test) => test.status === state).length;
    counts.passed += of('passed');
    // A file that could not even be loaded has no failed test of its own.
    counts.failed += Math.max(of('failed'), file.status === 'failed' ? 1 : 0);
    counts.skipped += of('pending') + of('skipped') + of('todo');
  }
  return counts;
}
