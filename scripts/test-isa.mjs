// The native tests once for every instruction set of this CPU, forced by COLE_ISA: the programme below the addon, then the
// addon's own tests, which fail where info().isa is another one.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { native } from '#cole/native/index.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'build', 'native-test');
run('cmake', ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DCOLE_TESTS=ON']);
run('cmake', ['--build', folder, '--target', 'cole_test', '--parallel', String(availableParallelism())]);
for (const isa of native().info().supported) {
  console.log(`COLE_ISA=${isa}`);
  run(join(folder, 'cole_test'), [], { COLE_ISA: isa });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const tests = ['contract', 'head', 'pooling', 'boundary', 'worker-threads'].map(
    (name) => `test/native/${name}.test.ts`,
  );
  tests.push('test/surrogate');
  run(process.execPath, [vitest, 'run', '--project', 'fast', ...tests], { COLE_ISA: isa });
}

function run(command, args, env = {}) {
  const child = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (child.status === 0) return;
  console.error(`${command} ${args.join(' ')} failed: ${child.error?.message ?? child.signal ?? child.status}`);
  process.exit(1);
}
