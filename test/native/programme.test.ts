/** Builds and runs the native test programme: kernels, gradients, eigen-solver and pooling on every instruction set. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { native } from '#cole/native/index.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = join(root, 'build', 'test');

function run(command: string, args: string[], env: Record<string, string> = {}): string {
  const child = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  const output = `${child.stdout ?? ''}${child.stderr ?? ''}`;
  if (child.error) throw child.error;
  if (child.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${child.status}:\n${output}`);
  return output;
}

describe('the native test programme', () => {
  it('passes on every instruction set of this CPU', { timeout: 600_000 }, () => {
    run('cmake', ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DCOLE_TESTS=ON']);
    run('cmake', ['--build', folder, '--config', 'Release', '--target', 'cole_test', '--parallel', '2']);
    const programme = join(folder, 'cole_test');
    const output = run(programme, [], { COLE_ISA: '' });
    expect(output).toContain('\n0 failures\n');
    for (const isa of native().info().supported) {
      expect(output).toContain(`ok   ${isa} gradients_equal_finite_differences`);
      // Forced: that one and no other.
      const forced = run(programme, [], { COLE_ISA: isa });
      expect(forced.split('\n').filter((line) => line.startsWith('ok ')).length).toBeGreaterThan(10);
      expect(forced.split('\n').filter((line) => line.startsWith('ok ') && line.split(/ +/)[1] !== isa)).toEqual([]);
    }
    expect(() => run(programme, [], { COLE_ISA: 'abacus' })).toThrow(/for COLE_ISA on this CPU, got abacus/);
  });
});
