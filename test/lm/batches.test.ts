import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Feed, type PlannedBatch, planBatches, wholeTexts } from '#cole/lm/batches.js';
import { planPrefixBatches } from '#cole/lm/prefixes.js';

const texts = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 20 }), { maxLength: 40 });
const longTexts = fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 300 }), {
  maxLength: 8,
});
const limit = fc.integer({ min: 1, max: 120 });

function encode(given: readonly (readonly number[])[]) {
  const offsets = [0];
  for (const text of given) offsets.push(offsets.at(-1)! + text.length);
  return wholeTexts({ ids: Int32Array.from(given.flat()), offsets: Int32Array.from(offsets) });
}

const numbers = (feed: Feed) => Array.from<number | bigint, number>(feed.data, Number);

function holdEachTextOnce(batches: readonly PlannedBatch[], given: readonly (readonly number[])[]): void {
  expect(batches.flatMap((batch) => batch.texts).sort((a, b) => a - b)).toEqual(given.map((_, index) => index));
  for (const batch of batches) {
    expect(batch.texts.length).toBeGreaterThan(0);
    expect(batch.tokens).toBe(batch.texts.reduce((sum, text) => sum + given[text]!.length, 0));
  }
}

describe('batches of one length', () => {
  it('hold each text once within the limit, longest first', () => {
    fc.assert(
      fc.property(texts, limit, (given, most) => {
        const batches = planBatches(encode(given), most);
        holdEachTextOnce(batches, given);
        for (const batch of batches) {
          expect(batch.texts.length === 1 || batch.computed <= most).toBe(true);
          const { data, dims } = batch.feeds().input_ids!;
          expect(dims).toEqual([batch.texts.length, given[batch.texts[0]!]!.length]);
          expect([...data].map(Number)).toEqual(batch.texts.flatMap((text) => given[text]!));
        }
        const order = batches.map((batch) => batch.tokens / batch.texts.length);
        expect(order).toEqual([...order].sort((a, b) => b - a));
      }),
    );
  });

  it('mark the tokens that count', () => {
    const [batch] = planBatches(
      {
        ...encode([
          [1, 2, 3],
          [4, 5, 6],
        ]),
        counted: Int32Array.of(1, 2, 0, 3),
      },
      100,
    );
    expect(numbers(batch!.feeds().mask!)).toEqual([0, 1, 0, 1, 1, 1]);
  });
});

describe('batches of prefixes', () => {
  it('hold each text once within the limit, and each shared prefix once', () => {
    fc.assert(
      fc.property(texts, limit, (given, most) => {
        const batches = planPrefixBatches(encode(given), most);
        holdEachTextOnce(batches, given);
        for (const batch of batches) {
          const prefixes = new Set(
            batch.texts.flatMap((text) => given[text]!.map((_, t) => `${given[text]!.slice(0, t + 1)}`)),
          );
          expect(batch.computed).toBe(prefixes.size);
          expect(batch.texts.length === 1 || batch.computed <= most).toBe(true);
        }
      }),
    );
  });

  it('say of each place which node it is, and of each node one of its places', () => {
    fc.assert(
      fc.property(fc.oneof(texts, longTexts), limit, (given, most) => {
        for (const batch of planPrefixBatches(encode(given), most)) {
          const feeds = batch.feeds();
          const of = (name: string) => numbers(feeds[name]!);
          const [ids, depths, positions, rows, ends, mask] = [
            of('node_ids'),
            of('depths'),
            of('positions'),
            of('rows'),
            of('ends'),
            of('mask'),
          ];
          const width = feeds.rows!.dims[1]!;
          const size = feeds.queries_0!.dims[1]!;
          expect(width % 64).toBe(0);
          const queries: number[] = [];
          const keys: number[][] = [];
          for (let i = 0; `keys_${i}` in feeds; i++) {
            const [count, tokens] = feeds[`keys_${i}`]!.dims as [number, number];
            expect(tokens % 64).toBe(0);
            expect(feeds[`queries_${i}`]!.dims).toEqual([count, size]);
            for (let segment = 0; segment < count; segment++)
              keys.push(of(`keys_${i}`).slice(segment * tokens, (segment + 1) * tokens));
            queries.push(...of(`queries_${i}`));
          }
          batch.texts.forEach((text, row) => {
            const { length } = given[text]!;
            const own = rows.slice(row * width, row * width + length);
            expect(own.map((node) => ids[node])).toEqual(given[text]);
            expect(ends[row]).toBe(own.at(-1));
            const marks = Array.from({ length: width }, (_, t) => (t < length ? 1 : 0));
            expect(mask.slice(row * width, (row + 1) * width)).toEqual(marks);
          });
          const paths = new Map<number, number[]>();
          batch.texts.forEach((text, row) => {
            const own = rows.slice(row * width, row * width + given[text]!.length);
            for (const [t, each] of own.entries()) paths.set(each, own.slice(0, t + 1));
          });
          // Every node asks where it is told to, and sees what its texts hold up to it.
          positions.forEach((place, node) => {
            expect(queries[place]).toBe(node);
            expect(keys[Math.floor(place / size)]!.slice(0, depths[node]! + 1)).toEqual(paths.get(node));
          });
        }
      }),
    );
  });

  it('mark the tokens that count, and the last of them', () => {
    const counted = Int32Array.of(1, 3, 2, 3);
    const [batch] = planPrefixBatches(
      {
        ...encode([
          [1, 2, 3],
          [1, 2, 4, 5],
        ]),
        counted,
      },
      100,
    );
    const { node_ids: ids, ends, mask } = batch!.feeds();
    expect(numbers(ids!)).toEqual([1, 2, 3, 4, 5]);
    expect(numbers(ends!)).toEqual([2, 3]);
    expect(numbers(mask!).slice(0, 4)).toEqual([0, 1, 1, 0]);
    expect(numbers(mask!).slice(64, 68)).toEqual([0, 0, 1, 0]);
  });
});
