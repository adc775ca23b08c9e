/** The set-up script on a machine that lacks something, and on one that lacks nothing. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot, temporaryFolder } from './run.js';

/** A clone with the packages in place and nothing built. */
function clone(): string {
  const folder = temporaryFolder();
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'CMakeLists.txt', 'scripts', 'native'])
    cpSync(join(projectRoot, name), join(folder, name), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  // Small sources of its own: what is tested is what set-up does, not the compiler.
  for (const name of ['src', 'bench']) mkdirSync(join(folder, name));
  cpSync(join(projectRoot, 'src', 'base'), join(folder, 'src', 'base'), { recursive: true });
  cpSync(join(projectRoot, 'bench', 'tsconfig.json'), join(folder, 'bench', 'tsconfig.json'));
  cpSync(join(projectRoot, 'src', 'base', 'errors.ts'), join(folder, 'bench', 'errors.ts'));
  return folder;
}

function setup(folder: string, env: Record<string, string> = {}) {
  const started = performance.now();
  const script = join(folder, 'scripts', 'setup.mjs');
  const { COLE_ADDON: _, ...inherited } = process.env;
  const child = spawnSync(process.execPath, [script, '--no-models'], {
    cwd: '/',
    encoding: 'utf8',
    env: { ...inherited, ...env },
  });
  return {
    code: child.status,
    stderr: child.stderr,
    stdout: child.stdout,
    seconds: (performance.now() - started) / 1000,
  };
}

describe.skipIf(process.platform === 'win32')('set-up', () => {
  it('names a missing compiler and the command that installs it', () => {
    const folder = clone();
    const { code, stderr } = setup(folder, { PATH: temporaryFolder(), CXX: '' });
    expect(code).toBe(1);
    expect(stderr).toContain('setup: compiling TypeScript');
    expect(stderr).toMatch(/missing: a C\+\+20 compiler .*install it with: \S+/);
  });
  it('does each step once, from any folder, and is silent when there is nothing to do', () => {
    const folder = clone();
    // With the addon given, no compiler is needed.
    const env = { COLE_ADDON: '/given/cole.node' };
    expect(setup(folder, env)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('compiling TypeScript'),
    });
    const again = setup(folder, env);
    expect(again.stderr).not.toContain('compiling');
    expect(again.seconds).toBeLessThan(3);
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(setup(folder, env).stderr).toContain('compiling TypeScript');
  });
});
