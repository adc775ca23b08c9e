/**
 * The package as others get it: packed, unpacked into an empty project, compiled against and run from there, without the
 * optional language model. The programs are those of docs/guide.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from './cli/run.js';
import { programs } from './guide.js';
import { tinyLlamaFolder } from './lm/tiny.js';

const project = mkdtempSync(join(tmpdir(), 'cole-package-'));
const installed = join(project, 'node_modules', 'cole');

function run(command: string, args: readonly string[], cwd = project) {
  const { COLE_ADDON: _, ...inherited } = process.env;
  const env = { ...inherited, COLE_HOME: join(project, 'home'), NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

const node = (...args: string[]) => run(process.execPath, args);
const cole = (...args: string[]) => node(join(installed, 'dist', 'cli', 'main.js'), ...args);

beforeAll(() => {
  const packed = run('npm', ['pack', '--pack-destination', project], projectRoot);
  expect(packed).toMatchObject({ status: 0 });
  mkdirSync(installed, { recursive: true });
  const tarball = packed.stdout.trim().split('\n').at(-1)!;
  expect(run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])).toMatchObject({ status: 0 });
  // What npm would install beside it: all but the optional peer.
  for (const name of readdirSync(join(projectRoot, 'node_modules')))
    if (!name.startsWith('.') && !name.startsWith('onnxruntime'))
      symlinkSync(join(projectRoot, 'node_modules', name), join(project, 'node_modules', name));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of programs) writeFileSync(join(project, name), text);
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        module: 'nodenext',
        strict: true,
        exactOptionalPropertyTypes: true,
        types: ['node'],
      },
      include: ['*.ts'],
    }),
  );
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the packed package', () => {
  it('has what it needs and nothing else', () => {
    const { files } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { files: string[] };
    const named = files.filter((file) => !file.startsWith('!')).map((file) => file.split('/')[0]!);
    // What npm adds by itself.
    expect(readdirSync(installed).sort()).toEqual(
      [...new Set([...named, 'LICENSE', 'README.md', 'package.json'])].sort(),
    );
    const inside = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(inside.filter((path) => /\.map$|\.stamp$|\.test\.|__pycache__/.test(path))).toEqual([]);
  });

  it('has types for a strict program, and the programs of the guide run', () => {
    const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    expect(node(tsc, '-p', '.')).toMatchObject({ status: 0, stdout: '' });
    const found = node('search.js');
    expect(found).toMatchObject({ status: 0, stderr: '' });
    // Five rounds of the search after the initial ones come to the best there is.
    expect(found.stdout).toMatch(/^64(-64)* -?0\n$/);
  });

  it('trains with a program', () => {
    const python = process.env.COLE_PYTHON ?? 'python3';
    if (run(python, ['--version']).status !== 0) return;
    const lines = [
      'import json, sys',
      'code = open(sys.argv[1]).read()',
      'json.dump({"metrics": {"accuracy": code.count("Linear")}}, open(sys.argv[2], "w"))',
    ];
    writeFileSync(join(project, 'train.py'), lines.join('\n'));
    const { status, stdout } = node('training.js');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^(\d \d+\.\d+\n){3}$/)]);
  });

  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const requires = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  it.skipIf(!requires)('is loaded by CommonJS', () => {
    expect(node('consumer.cjs')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\|/) });
  });

  it('brings its benchmark and its addon', () => {
    const args = ['search', '--features', 'path', '--budget', '25', '--held-out', '20', '--out', 'run', '--json'];
    const { status, stdout } = cole(...args);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ trials: { planned: 1, done: 1 } });
  });

  it('says that the language model is missing, and how to get it', () => {
    tinyLlamaFolder(join(project, 'llama'), {});
    expect(cole('models', 'add', 'llama')).toMatchObject({ status: 0 });
    writeFileSync(join(project, 'texts.jsonl'), '{"text": "nn.ReLU()"}');
    const { status, stderr } = cole('embed', 'texts.jsonl', '--model', 'llama', '--json');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: expected the package onnxruntime-node .*npm install --ignore-scripts onnxruntime-node/,
    );
  });
});
