/** The program of the guide that reads with a real language model. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { projectRoot } from './cli/run.js';
import { programs } from './guide.js';

it('gives vectors of a space of its own', () => {
  // Within this package its own name leads to it.
  mkdirSync(join(projectRoot, 'build'), { recursive: true });
  const folder = mkdtempSync(join(projectRoot, 'build', 'guide-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['perceptrons.ts', 'vectors.ts']) writeFileSync(join(folder, name), programs.get(name)!);
  const compilerOptions = { target: 'es2023', module: 'nodenext', strict: true, skipLibCheck: true, types: ['node'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  expect(node(tsc, '-p', '.')).toMatchObject({ status: 0, stdout: '' });
  // Rows, and the width of the model.
  expect(node('vectors.js')).toMatchObject({ status: 0, stdout: '20 384\n' });
});
