// The whole test run after set-up: types, lint, the native test programme, then all vitest projects. Ends with one plain line of counts, which is
// what machines read; types and lint count as one test each. A run without tests is a failure.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
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

const native = runNativeTests();
passed += native.passed;
failed += native.failed;

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

/** The C++ programme that tests the native rooms below the addon, once for every instruction set of this CPU. */
function runNativeTests() {
  const folder = join(root, 'build', 'native-test');
  const cmake = (args) => spawnSync('cmake', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const steps = [
    ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DCOLE_TESTS=ON'],
    ['--build', folder, '--target', 'cole_test', '--parallel', String(availableParallelism())],
  ];
  console.log('native tests: compiling');
  for (const step of steps) {
    const child = cmake(step);
    if (child.status === 0) continue;
    console.log(`${child.stdout ?? ''}${child.stderr ?? child.error?.message}\nnative tests: do not compile`);
    return { passed: 0, failed: 1 };
  }
  const child = spawnSync(join(folder, 'cole_test'), { encoding: 'utf8', maxBuffer: 1 << 28 });
  const cases = child.stdout.split('\n').filter((line) => /^(ok {2}|FAIL) /.test(line));
  const failures = cases.filter((line) => line.startsWith('FAIL')).length;
  if (child.status !== 0) console.log(child.stdout + child.stderr);
  console.log(`native tests: ${cases.length - failures} ok, ${failures} failed`);
  // A programme that ended early, or had nothing to test, has failed too.
  const ended = child.status !== 0 || cases.length === 0;
  return { passed: cases.length - failures, failed: Math.max(failures, ended ? 1 : 0) };
}

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
