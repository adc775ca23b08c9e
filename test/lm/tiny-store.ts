import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { addModel } from '#cole/lm/index.js';
import { tinyBert, tinyLlamaFolder } from './tiny.js';

/** A COLE_HOME of this test file alone whose store has the small models `bert` and `llama`; gone after its tests. */
export function tinyStore(): string {
  const home = mkdtempSync(join(tmpdir(), 'cole-tiny-'));
  beforeAll(async () => {
    process.env.COLE_HOME = home;
    tinyBert(join(home, 'bert'));
    tinyLlamaFolder(join(home, 'llama'));
    await addModel(join(home, 'bert'));
    await addModel(join(home, 'llama'));
  });
  afterAll(() => {
    delete process.env.COLE_HOME;
    rmSync(home, { recursive: true });
  });
  return home;
}
