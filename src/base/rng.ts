/**
 * Seeded random streams. A stream is named by a key (seed, trial, refit ...), never taken over from the stream before it,
 * so what a task draws depends on its key alone and not on scheduling.
 */
import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

export interface Rng {
  /** Uniform integer in [0, n). */
  int(n: number): number;
  /** Uniform in [0, 1), 53 bits. */
  float(): number;
  /** Standard normal. */
  normal(): number;
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
}

/** 32-bit seed that is a pure function of the key; for the addon, whose seeds are unsigned 32-bit integers. */
export function seedOf(...key: (string | number)[]): number {
  return createHash('sha256').update(JSON.stringify(key)).digest().readUInt32LE(0);
}

export function stream(...key: (string | number)[]): Rng {
  const digest = createHash('sha256').update(JSON.stringify(key)).digest();
  // All 128 bits of state from the digest: streams of different keys start anywhere in the period.
  const generator = xoroshiro128plusFromState([4, 8, 12, 16].map((at) => digest.readInt32LE(at)));
  const word = () => generator.next() >>> 0;
  const float = () => (word() * 2 ** 21 + (word() >>> 11)) / 2 ** 53;
  const int = (n: number) => {
    // Rejection keeps every value equally likely.
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const x = word();
      if (x < limit) return x % n;
    }
  };
  return {
    int,
    float,
    normal: () => Math.sqrt(-2 * Math.log(1 - float())) * Math.cos(2 * Math.PI * float()),
    pick: (items) => items[int(items.length)]!,
    shuffle: (items) => {
      const out = items.slice();
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(i + 1);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
  };
}
