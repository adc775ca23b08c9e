// GFLOP/s of the kernels under a fit, one by one, beside the best that the register tile does on this machine.
//
//   npm run bench:kernels               COLE_ISA=avx2 npm run bench:kernels
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'build', 'native-test');
run('cmake', ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DCOLE_TESTS=ON']);
run('cmake', ['--build', folder, '--target', 'cole_rates', '--parallel', String(availableParallelism())]);
process.stdout.write(run(join(folder, 'cole_rates'), []));

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  process.stderr.write(`error: expected ${command} to run: ${error?.message ?? `${stdout}${stderr}`}\n`);
  process.exit(1);
}
