/** The README's example really runs, and every command it lists is there. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { cole, projectRoot } from './cli/run.js';

const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');

it('the example runs as it stands', async () => {
  const [, example] = /```js\n([\s\S]*?)```/.exec(readme)!;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', example!], { cwd: projectRoot });
  const [mean, std] = stdout.trim().split(' ').map(Number);
  expect(mean).toBeGreaterThan(0);
  expect(mean).toBeLessThan(7);
  expect(std).toBeGreaterThanOrEqual(0);
});

it('the commands of the table and of the help are the same', async () => {
  const table = readme.slice(readme.indexOf('| command | does |'));
  const rows = table.slice(0, table.indexOf('\n\n')).split('\n').slice(2);
  const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([a-z]+)`/g)].map(([, name]) => name!));
  const { stdout } = await cole(['--help']);
  const there = stdout
    .split('Commands:')[1]!
    .split('\n')
    .map((line) => /^ {2}([a-z]+) /.exec(line)?.[1])
    .filter((name) => name !== undefined && name !== 'help');
  expect([...named].sort()).toEqual([...there].sort());
});
