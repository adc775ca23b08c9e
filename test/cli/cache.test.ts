/** The embedding cache as a user sees it. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyBert } from '../lm/tiny.js';
import { cole } from './run.js';

let home: string;
const run = (args: readonly string[], input?: string) =>
  cole(args, { env: { COLE_HOME: home }, ...(input !== undefined && { input }) });
const embed = ['embed', '--model', 'bert', '--pooling', 'mean', '--json'];
const lines = (...texts: string[]) => texts.map((text) => JSON.stringify({ text })).join('\n');

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'cole-cache-cli-'));
  tinyBert(join(home, 'bert'));
  expect(await run(['models', 'add', join(home, 'bert')])).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(home, { recursive: true }));

it('is listed, bounded and emptied', async () => {
  expect(JSON.parse((await run(['cache', 'list', '--json'])).stdout)).toEqual([]);
  await run(embed, lines('conv', 'pool'));
  await run([...embed, '--pooling', 'last_token'], lines('conv'));
  const [newest, older] = JSON.parse((await run(['cache', 'list', '--json'])).stdout);
  expect(newest).toMatchObject({
    model: 'bert',
    pooling: 'last_token',
    precision: 'float32',
    files: 1,
    isUsedByOthers: false,
  });
  expect(older).toMatchObject({ model: 'bert', pooling: 'mean', files: 1 });
  expect((await run(['cache', 'list'])).stdout).toContain(`${older.identity}  bert   mean`);

  const bounded = await run([...embed, '--cache-limit', '2KB'], lines('relu'));
  expect(bounded.code).toBe(0);
  expect(bounded.stderr).toMatch(/^warning: the embedding cache passed its limit of 2 KB: removed \d of its files/m);
  expect(JSON.parse((await run(['cache', 'trim', '--cache-limit', '0', '--json'])).stdout).left).toBe(0);

  await run(embed, lines('conv', 'pool'));
  expect(await run(['cache', 'clear', 'abc'])).toMatchObject({ code: 2, stderr: expect.stringContaining('got abc') });
  const cleared = await run(['cache', 'clear']);
  expect(cleared.stderr).toMatch(/^removed 1?\d.\d+ KB$/m);
  expect(readdirSync(join(home, 'embeddings'))).toEqual([]);
});

it('tells what was damaged, and which sizes it takes', async () => {
  await run(embed, lines('conv', 'pool'));
  const [{ identity }] = JSON.parse((await run(['cache', 'list', '--json'])).stdout);
  const folder = join(home, 'embeddings', identity);
  const segment = readdirSync(folder).find((name) => name.endsWith('.arrow'))!;
  writeFileSync(join(folder, segment), 'x');
  const again = await run(embed, lines('conv', 'pool'));
  expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/2 embedded .* 0 from the cache/) });
  expect(again.stderr).toContain(`warning: ignored a damaged file of the embedding cache: expected content of another`);
  expect(await run(['cache', 'trim', '--cache-limit', 'much'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Expected a size such as 500MB or 2GB'),
  });
});
