/** The native addon is not there, or is no addon. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cole, projectRoot, temporaryFolder } from './run.js';

describe('without the addon', () => {
  it('doctor names it and the command that builds it', async () => {
    const { code, stdout } = await cole(['doctor', '--json'], { env: { COLE_ADDON: '/nonexistent/cole.node' } });
    expect(code).toBe(1);
    const checks = JSON.parse(stdout) as { name: string; state: string; found: string; remedy?: string }[];
    expect(checks.find(({ name }) => name === 'addon')).toMatchObject({
      state: 'fault',
      found: expect.stringMatching(
        /^expected the native addon at \/nonexistent\/cole\.node, but there is none; build it/,
      ),
      remedy: `npm --prefix ${projectRoot} run build:native`,
    });
  });
  it('doctor says so in one line', async () => {
    const { stderr } = await cole(['doctor'], { env: { COLE_ADDON: '/nonexistent/cole.node' } });
    expect(stderr).toContain(`addon: npm --prefix ${projectRoot} run build:native\n`);
  });
  it('a search says what is missing; sampling does not need it', async () => {
    const cwd = temporaryFolder();
    const env = { COLE_ADDON: join(cwd, 'cole.node') };
    writeFileSync(env.COLE_ADDON, 'not an addon');
    const sampled = await cole(['sample', '-n', '1'], { env });
    expect(sampled.code).toBe(0);
    writeFileSync(join(cwd, 'table.csv'), `arch,accuracy\n${JSON.parse(sampled.stdout).arch},1\n`);
    const { code, stderr } = await cole(
      ['search', '--table', 'table.csv', '--metric', 'accuracy', '--features', 'path'],
      { cwd, env },
    );
    expect(code).toBe(1);
    expect(stderr).toContain(env.COLE_ADDON);
    expect(stderr).toContain(`npm --prefix ${projectRoot} run build:native`);
  });
});
