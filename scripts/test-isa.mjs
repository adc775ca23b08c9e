// The native tests once for every instruction set of this CPU, forced by COLE_ISA: the programme below the addon, then the
// addon's own tests, which fail where info().isa is another one. On x86-64 the programme runs for ARM's as well, where there are
// Debian's g++-aarch64-linux-gnu and qemu-user. With arguments only the named ones:
//
//   npm run test:isa [-- sse2 avx2 avx512 neon]
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { native } from '#cole/native/index.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { supported } = native().info();
const cross = process.arch === 'x64' && found('aarch64-linux-gnu-g++') && found('qemu-aarch64');
const all = cross ? [...supported, 'neon'] : supported;
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
const unknown = wanted.find((name) => !all.includes(name));
if (unknown !== undefined) {
  console.error(`error: expected some of ${all.join(', ')} here, got ${unknown}`);
  process.exit(2);
}
if (process.arch === 'x64' && !cross) console.log('neon: skipped without g++-aarch64-linux-gnu and qemu-user');

for (const isa of wanted) {
  console.log(`COLE_ISA=${isa}`);
  if (isa === 'neon' && cross) {
    const arm = ['-DCMAKE_SYSTEM_NAME=Linux', '-DCMAKE_SYSTEM_PROCESSOR=aarch64'];
    const programme = built('native-test-arm', [...arm, '-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++']);
    run('qemu-aarch64', ['-L', '/usr/aarch64-linux-gnu', programme]);
    continue;
  }
  run(built('native-test', []), [], { COLE_ISA: isa });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const tests = ['contract', 'head', 'pooling', 'boundary', 'worker-threads'].map(
    (name) => `test/native/${name}.test.ts`,
  );
  tests.push('test/surrogate');
  run(process.execPath, [vitest, 'run', '--project', 'fast', ...tests], { COLE_ISA: isa });
}

/** The path of the test programme, built in a folder of build/. */
function built(name, options) {
  const folder = join(root, 'build', name);
  run('cmake', ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DCOLE_TESTS=ON', ...options]);
  run('cmake', ['--build', folder, '--target', 'cole_test', '--parallel', String(availableParallelism())]);
  return join(folder, 'cole_test');
}

function found(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function run(command, args, env = {}) {
  const child = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (child.status === 0) return;
  console.error(`${command} ${args.join(' ')} failed: ${child.error?.message ?? child.signal ?? child.status}`);
  process.exit(1);
}
