/** Options, settings, help and exit codes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cole, jsonLines, temporaryFolder } from './run.js';

describe('usage', () => {
  it('names the nearest command', async () => {
    const { code, stderr, stdout } = await cole(['smaple']);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown command 'smaple'");
    expect(stderr).toContain('Did you mean sample?');
    expect(stdout).toBe('');
  });
  it('names the nearest option', async () => {
    const { code, stderr } = await cole(['sample', '--sapce', 'nas-bench-201']);
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean --space?');
  });
  it('names the nearest value', async () => {
    const { code, stderr } = await cole(['sample', '--space', 'nas-bench-210']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean nas-bench-201?');
  });
  it('refuses numbers out of range', async () => {
    for (const count of ['0', '-1', '1.5', 'many', '']) {
      const { code, stderr } = await cole(['sample', '-n', count]);
      expect([code, count]).toEqual([2, count]);
      expect(stderr).toContain('--count');
    }
  });
  it('refuses an argument too many', async () => {
    expect((await cole(['sample', 'five'])).code).toBe(2);
  });
  it('begins help with examples', async () => {
    const { code, stdout } = await cole(['sample', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Examples:\n {2}cole sample/);
  });
  it('has help with examples for every command', async () => {
    const { stdout } = await cole(['--help']);
    const commands = stdout
      .split('Commands:')[1]!
      .split('\n')
      .map((line) => /^ {2}([a-z]+) /.exec(line)?.[1])
      .filter((name): name is string => name !== undefined && name !== 'help');
    expect(commands.length).toBeGreaterThan(3);
    for (const command of commands) {
      const help = await cole([command, '--help']);
      expect([help.code, help.stdout.startsWith('Examples:\n  cole ')]).toEqual([0, true]);
    }
  });
  it('prints its version', async () => {
    const { code, stdout } = await cole(['--version']);
    expect(code).toBe(0);
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
  });
  it('without a command is wrong usage', async () => {
    expect((await cole([])).code).toBe(2);
  });
});

describe('settings', () => {
  const settings = async (args: string[], options = {}) => {
    const { stdout, code } = await cole(['sample', ...args, '--print-config', '--json'], options);
    expect(code).toBe(0);
    const list = JSON.parse(stdout) as { option: string; value: unknown; from: string }[];
    return Object.fromEntries(list.map(({ option, value, from }) => [option, [value, from]]));
  };
  const withConfig = (name: string, text: string) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, name), text);
    return cwd;
  };

  it('takes flags before the environment, that before the file, that before the default', async () => {
    const cwd = withConfig('cole.config.yaml', 'seed: 1\ncount: 3\nsample:\n  count: 4\n');
    const found = await settings([], { cwd });
    expect(found).toMatchObject({ seed: [1, 'configuration file'], count: [4, 'configuration file'] });
    const env = { COLE_SEED: '2', COLE_COUNT: '5' };
    expect(await settings(['--seed', '9'], { cwd, env })).toMatchObject({
      seed: [9, 'flag'],
      count: [5, 'environment'],
    });
    expect(await settings([])).toMatchObject({ seed: [0, 'default'], count: [1, 'default'] });
  });
  it('reads JSON and a file named by flag', async () => {
    const cwd = withConfig('other.json', '{"sample": {"space": "nas-bench-201", "count": 7}}');
    expect(await settings(['--config', 'other.json'], { cwd })).toMatchObject({ count: [7, 'configuration file'] });
  });
  it('acts on them', async () => {
    const cwd = withConfig('cole.config.yaml', 'sample: { count: 2, seed: 5 }');
    const { stdout } = await cole(['sample'], { cwd });
    expect(stdout).toBe((await cole(['sample', '-n', '2', '--seed', '5'])).stdout);
    expect(jsonLines(stdout)).toHaveLength(2);
  });
  it('refuses unknown names and wrong values, naming them', async () => {
    const unknown = await cole(['sample'], { cwd: withConfig('cole.config.yaml', 'sample: { cuont: 2 }') });
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('did you mean count?');
    const wrong = await cole(['sample'], { cwd: withConfig('cole.config.yaml', 'count: none') });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('count in cole.config.yaml');
    const environment = await cole(['sample'], { env: { COLE_SEED: 'x' } });
    expect(environment.code).toBe(2);
    expect(environment.stderr).toContain('COLE_SEED');
    const broken = await cole(['sample'], { cwd: withConfig('cole.config.yaml', 'count: [1') });
    expect(broken.code).toBe(2);
    const absent = await cole(['sample', '--config', 'absent.yaml']);
    expect(absent.code).toBe(2);
    expect(absent.stderr).toContain('absent.yaml');
  });
});
