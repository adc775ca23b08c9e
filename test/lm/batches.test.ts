import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchIds, planBatches } from '#cole/lm/batches.js';

describe('batches', () => {
  it('hold each text once, one length each, within the limit, longest first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 80 }),
        fc.integer({ min: 1, max: 200 }),
        (lengths, limit) => {
          const batches = planBatches(lengths, limit);
          expect(batches.flatMap(({ texts }) => texts).sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
          for (const { tokens, texts } of batches) {
            expect(texts.length).toBeGreaterThan(0);
            for (const text of texts) expect(lengths[text]).toBe(tokens);
            expect(texts.length === 1 || texts.length * tokens <= limit).toBe(true);
          }
          const order = batches.map(({ tokens }) => tokens);
          expect(order).toEqual([...order].sort((a, b) => b - a));
        },
      ),
    );
  });

  it('cut what is longer', () => {
    const encoded = { ids: Int32Array.of(1, 2, 3, 4, 5), offsets: Int32Array.of(0, 3, 5) };
    expect(batchIds(encoded, { tokens: 2, texts: [1, 0] })).toEqual(BigInt64Array.of(4n, 5n, 1n, 2n));
  });
});
