/** What `plan` foretells is what `embed` then does. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEmbedder } from '#cole/lm/index.js';
import { cole } from '../cli/run.js';
import { tinyStore } from './tiny-store.js';

const home = tinyStore();

const texts = Array.from({ length: 90 }, (_, i) => `conv pool ${'skip '.repeat(i % 6)}(${i % 5}, 5)`);

describe.each(['bert', 'llama'])('plan of a small %s', (model) => {
  it('counts what is then read, and keeps nothing', async () => {
    const cache = join(home, `cache-${model}`);
    const embedder = await createEmbedder({ model, cache, threads: 2, batchTokens: 100 });
    try {
      const before = await embedder.plan(texts);
      expect(before).toMatchObject({ texts: 90, distinct: 30, cached: 0 });
      expect(before.rates.map(({ threads }) => threads)).toEqual([2, 1]);
      expect(before.seconds).toBeCloseTo(before.tokens / before.rates[0]!.tokensPerSecond, 6);
      expect(before.peakBytes).toBeGreaterThan(process.memoryUsage().rss / 2);
      expect(embedder.stats).toMatchObject({ texts: 0, embedded: 0, tokens: 0, cached: 0 });
      await embedder.embed(texts.slice(0, 10));
      const { tokens, computed } = embedder.stats;
      const rest = await embedder.plan(texts);
      expect(rest).toMatchObject({ distinct: 30, cached: 10 });
      await embedder.embed(texts);
      expect(embedder.stats.tokens - tokens).toBe(rest.tokens);
      expect(embedder.stats.computed - computed).toBe(rest.computed);
      expect(before.tokens).toBe(embedder.stats.tokens);
      expect(await embedder.plan(texts)).toMatchObject({ cached: 30, tokens: 0, rates: [], seconds: 0 });
    } finally {
      await embedder.close();
    }
  });

  it('in parts counts the sharing within each part', async () => {
    const open = () => createEmbedder({ model, cache: null, threads: 1 });
    const [one, other] = [await open(), await open()];
    const { computed } = await one.plan(texts.slice(0, 30), 10);
    for (let from = 0; from < 30; from += 10) await other.embed(texts.slice(from, from + 10));
    expect(other.stats.computed).toBe(computed);
    await expect(one.plan(['conv', 'conv '.repeat(99)])).rejects.toThrow(/at most 64 tokens in text 1/);
    await Promise.all([one.close(), other.close()]);
  });
});

it('is printed by the command line, which then stops', async () => {
  const input = texts.map((text, i) => JSON.stringify({ key: `k${i}`, text })).join('\n');
  const args = ['embed', '--model', 'llama', '--plan', '--cache', join(home, 'unused')];
  const plan = JSON.parse((await cole([...args, '--json'], { input })).stdout);
  expect(plan).toMatchObject({ texts: 90, distinct: 30, cached: 0 });
  expect(plan.computed).toBeLessThan(plan.tokens);
  const { stdout } = await cole([...args, '--threads', '1'], { input });
  expect(stdout).toMatch(new RegExp(`^tokens to compute, beginnings shared +${plan.computed}$`, 'm'));
  expect(stdout).toMatch(/^tokens\/s with 1 thread +\d+$/m);
  expect(stdout).toMatch(/^peak memory +[\d.]+ MB$/m);
  expect(readdirSync(home)).not.toContain('unused');
});
