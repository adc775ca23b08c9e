// Builds and runs the native test programme under sanitizers: address and undefined behaviour, then threads. With arguments
// only the named ones:
//
//   npm run test:sanitize [-- address thread]
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const options = {
  ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1',
  UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
  TSAN_OPTIONS: 'halt_on_error=1',
};
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['address', 'thread'];
const unknown = wanted.find((name) => name !== 'address' && name !== 'thread');
if (unknown !== undefined) {
  console.error(`error: expected address or thread, got ${unknown}`);
  process.exit(2);
}

for (const name of wanted) {
  const folder = join(root, 'build', `sanitize-${name}`);
  const flags = ['-DCMAKE_BUILD_TYPE=RelWithDebInfo', '-DCOLE_TESTS=ON', `-DCOLE_SANITIZE=${name}`];
  run('cmake', ['-S', root, '-B', folder, ...flags], 'ignore');
  run('cmake', ['--build', folder, '--target', 'cole_test', '--parallel', String(availableParallelism())], 'ignore');
  run(join(folder, 'cole_test'), [], 'inherit');
  console.log(`${name}: ok`);
}

function run(command, args, stdout) {
  const child = spawnSync(command, args, { stdio: ['ignore', stdout, 'inherit'], env: { ...process.env, ...options } });
  if (child.status === 0) return;
  console.error(`${command} ${args.join(' ')} failed: ${child.error?.message ?? child.signal ?? child.status}`);
  process.exit(1);
}
