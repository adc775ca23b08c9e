// Counts the instructions of three fixed pieces of work (tokenise, pool, fit) under callgrind and compares them with the
// recorded counts: a regression shows whatever else the machine does. Kernels are those of AVX2, as valgrind knows no AVX-512.
//
//   npm run bench:instructions [-- --record]
//
// Ends with 1 where a count is more than the tolerance above the record.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const recordFile = join(root, 'bench', 'instructions.json');
const tolerance = 0.02;
const [flag] = process.argv.slice(2);
if (flag !== undefined && flag !== '--record') fail(`expected --record or nothing, got ${flag}`, 2);

const folder = join(root, 'build', 'native-test');
run('cmake', ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DCOLE_TESTS=ON']);
run('cmake', ['--build', folder, '--target', 'cole_instructions', '--parallel', String(availableParallelism())]);

const compiler = run('sh', [
  '-c',
  `$(sed -n 's/^CMAKE_CXX_COMPILER:.*=//p' ${folder}/CMakeCache.txt) --version`,
]).stdout;
const counts = Object.fromEntries(['tokenise', 'pool', 'fit'].map((name) => [name, instructions(name)]));
const measured = { compiler: compiler.split('\n')[0], counts };

if (flag === '--record') {
  writeFileSync(recordFile, `${JSON.stringify(measured, null, 2)}\n`);
  console.log(`recorded: ${JSON.stringify(counts)}`);
} else {
  const record = JSON.parse(readFileSync(recordFile, 'utf8'));
  if (record.compiler !== measured.compiler)
    console.log(`note: recorded with ${record.compiler}, here ${measured.compiler}: counts may differ for that alone`);
  for (const [name, count] of Object.entries(counts)) {
    const change = count / record.counts[name] - 1;
    const percent = `${change >= 0 ? '+' : ''}${(100 * change).toFixed(2)} %`;
    console.log(
      `${name.padEnd(9)} ${String(count).padStart(11)} instructions, recorded ${record.counts[name]}: ${percent}`,
    );
    if (change > tolerance) process.exitCode = 1;
  }
  if (process.exitCode) console.error(`error: expected at most ${100 * tolerance} % more than recorded`);
}

function instructions(name) {
  const valgrind = ['--tool=callgrind', '--callgrind-out-file=/dev/null', '--toggle-collect=measured'];
  const { stderr } = run('valgrind', [...valgrind, join(folder, 'cole_instructions'), name], { COLE_ISA: 'avx2' });
  const count = Number(/Collected : (\d+)/.exec(stderr)?.[1]);
  if (!(count > 0)) fail(`expected a count from valgrind, got ${stderr}`);
  return count;
}

function run(command, args, env = {}) {
  const child = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (child.status === 0) return child;
  const hint = child.error?.code === 'ENOENT' ? `, which is not installed (apt-get install ${command})` : '';
  fail(`expected to run ${command}${hint}: ${child.error?.message ?? child.stderr}`);
}

function fail(message, code = 1) {
  console.error(`error: ${message}`);
  process.exit(code);
}
