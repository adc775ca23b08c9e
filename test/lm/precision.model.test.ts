/** The real models in int8, the default ones made in a store of their own. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { row, stream } from '#cole/base/index.js';
import { renderer } from '#cole/code/index.js';
import { addPrecision, createEmbedder, listModels, modelsFolder } from '#cole/lm/index.js';
import { space } from '#cole/spaces/index.js';
import { distance } from './graphs.js';

const home = mkdtempSync(join(tmpdir(), 'cole-int8-'));
const before = process.env.COLE_HOME;
const present = (await listModels()).filter((model) => model.present);

/** Copies: what the test makes is not left in the store. */
beforeAll(() => {
  for (const { name, folder } of present) {
    mkdirSync(join(home, 'models', name), { recursive: true });
    for (const file of readdirSync(folder))
      if (/^(model|tokenizer|vocabulary)\.json$|^weights\.bin$/.test(file))
        copyFileSync(join(folder, file), join(home, 'models', name, file));
  }
  process.env.COLE_HOME = home;
});
afterAll(() => {
  if (before === undefined) delete process.env.COLE_HOME;
  else process.env.COLE_HOME = before;
  rmSync(home, { recursive: true });
});

const texts = (() => {
  const cells = space('nas-bench-201');
  const { render } = renderer('nas-bench-201', 'exclude_helper');
  const rng = stream('int8');
  return Array.from({ length: 6 }, () => render(cells.sample(rng)));
})();

async function embed(
  model: string,
  precision: 'float32' | 'int8',
  options: { batchTokens?: number; threads?: number },
) {
  const embedder = await createEmbedder({ model, precision, cache: null, ...options });
  try {
    return { vectors: await embedder.embed(texts), stats: embedder.stats };
  } finally {
    await embedder.close();
  }
}

describe.each(['smollm2-135m', 'all-minilm-l6-v2'])('%s in int8', (model) => {
  it('agrees with float32, and gives the same vector whatever shares the batch', async ({ skip }) => {
    if (!present.some(({ name }) => name === model)) skip(`${model} is not in the model store`);
    const { precisions } = await addPrecision(model, 'int8');
    expect(modelsFolder().startsWith(home)).toBe(true);
    // Without moving the range of uneven channels it is 0.994.
    expect(precisions!.int8!.agreement.median).toBeGreaterThan(0.996);
    expect(precisions!.int8!.agreement.worst).toBeGreaterThan(0.95);
    const exact = await embed(model, 'float32', {});
    const together = await embed(model, 'int8', {});
    const alone = await embed(model, 'int8', { batchTokens: 1, threads: 1 });
    // Beginnings are shared in one of them, and not in the other.
    if (model === 'smollm2-135m') expect(together.stats.computed).toBeLessThan(together.stats.tokens);
    expect(alone.stats.computed).toBe(alone.stats.tokens);
    for (let i = 0; i < texts.length; i++) {
      const got = row(together.vectors, i);
      expect(distance(got, row(alone.vectors, i))).toBeLessThan(1e-5);
      expect(distance(got, row(exact.vectors, i))).toBeGreaterThan(1e-4);
      expect(distance(got, row(exact.vectors, i))).toBeLessThan(0.05);
    }
  }, 300_000);
});
