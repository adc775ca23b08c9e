// Builds and runs the native test programme under sanitizers: address and undefined behaviour, then threads. With arguments
// only the named ones. `fuzz` runs the tokenizer's fuzzer under the first two for COLE_FUZZ_SECONDS (60), with Clang:
//
//   npm run test:sanitize [-- address thread fuzz]
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
const unknown = wanted.find((name) => !['address', 'thread', 'fuzz'].includes(name));
if (unknown !== undefined) {
  console.error(`error: expected address, thread or fuzz, got ${unknown}`);
  process.exit(2);
}

for (const name of wanted) {
  const fuzz = name === 'fuzz';
  const folder = join(root, 'build', `sanitize-${name}`);
  const flags = fuzz
    ? ['-DCMAKE_CXX_COMPILER=clang++', '-DCOLE_FUZZ=ON', '-DCOLE_SANITIZE=address']
    : ['-DCOLE_TESTS=ON', `-DCOLE_SANITIZE=${name}`];
  const target = fuzz ? 'cole_fuzz' : 'cole_test';
  run('cmake', ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=RelWithDebInfo', ...flags], 'ignore');
  run('cmake', ['--build', folder, '--target', target, '--parallel', String(availableParallelism())], 'ignore');
  const seconds = process.env.COLE_FUZZ_SECONDS ?? '60';
  run(join(folder, target), fuzz ? [`-max_total_time=${seconds}`, '-max_len=300', '-timeout=30'] : [], 'inherit');
  console.log(`${name}: ok`);
}

function run(command, args, stdout) {
  const child = spawnSync(command, args, { stdio: ['ignore', stdout, 'inherit'], env: { ...process.env, ...options } });
  if (child.status === 0) return;
  console.error(`${command} ${args.join(' ')} failed: ${child.error?.message ?? child.signal ?? child.status}`);
  process.exit(1);
}
