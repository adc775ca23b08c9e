/** Memory stays flat over ten thousand calls of every kind of fit, those that fail included. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const programme = fileURLToPath(new URL('memory.mjs', import.meta.url));

/**
 * In a process of its own, whose C library gives each block of a kilobyte pages of its own and takes them back at once:
 * else a leak would fill the holes that freed arrays left, and not show.
 */
function run(...args: string[]): string {
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: '1000', MALLOC_MMAP_MAX_: '60000', MALLOC_ARENA_MAX: '1' };
  return execFileSync(process.execPath, ['--expose-gc', programme, ...args], { encoding: 'utf8', env });
}

describe('memory over ten thousand calls', () => {
  for (const name of JSON.parse(run()) as string[])
    it(`is flat for ${name}`, () => {
      // A leak of half a kilobyte a call would show.
      expect(Number(run(name))).toBeLessThan(5e6);
    });
});
