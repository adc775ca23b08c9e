import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { chainedMutants, distinctMutants } from '#cole/search/index.js';
import { type Cell, nasBench201 as space } from '#cole/spaces/index.js';

const rng = stream(1, 'test');
const parents = Array.from({ length: 16 }, () => space.sample(rng));
const text = (cell: Cell) => space.print(cell);
const distance = (a: Cell, b: Cell) => a.filter((op, edge) => op !== b[edge]).length;

describe('distinctMutants', () => {
  it('gives exactly the number asked for, distinct from each other and from what is taken', () => {
    const taken = new Set(parents.map(text));
    const found = distinctMutants(space, parents, { candidates: 100, maxEdits: 3 }, taken, text, stream(2));
    expect(found).toHaveLength(100);
    expect(new Set([...found.map(text), ...taken]).size).toBe(100 + taken.size);
  });
  it('draws 1 to maxEdits edits from the parents', () => {
    const found = distinctMutants(
      space,
      parents.slice(0, 1),
      { candidates: 200, maxEdits: 3 },
      new Set(),
      text,
      stream(3),
    );
    const counts = [0, 0, 0, 0, 0];
    for (const cell of found) counts[distance(cell, parents[0]!)]!++;
    expect(counts[4]).toBe(0);
    for (const edits of [1, 2, 3]) expect(counts[edits]).toBeGreaterThan(10);
  });
  it('fills up with random samples when the parents are exhausted', () => {
    const found = distinctMutants(
      space,
      parents.slice(0, 1),
      { candidates: 100, maxEdits: 1 },
      new Set(),
      text,
      stream(4),
    );
    expect(new Set(found.map(text)).size).toBe(100);
    expect(found.filter((cell) => distance(cell, parents[0]!) === 1)).toHaveLength(24);
  });
  it('tells architectures apart by the key it is given', () => {
    const key = (cell: Cell) => space.canonicalKey(cell);
    const found = distinctMutants(space, parents, { candidates: 100, maxEdits: 3 }, new Set(), key, stream(5));
    expect(new Set(found.map(key)).size).toBe(100);
  });
  it('ends where the space ends', () => {
    const all = [...space.enumerate()].map(text);
    const taken = new Set(all.slice(3));
    const found = distinctMutants(space, parents, { candidates: 100, maxEdits: 3 }, taken, text, stream(6));
    expect(found.length).toBeLessThanOrEqual(3);
  });
});

describe('chainedMutants', () => {
  it('gives the 32 candidates of the published code for its setting of 100', () => {
    const found = chainedMutants(space, parents, { candidates: 100, maxEdits: 3 }, stream(7));
    expect(found).toHaveLength(32);
    parents.forEach((parent, i) => {
      expect(distance(found[2 * i]!, parent)).toBeLessThanOrEqual(3);
      expect(distance(found[2 * i + 1]!, found[2 * i]!)).toBeLessThanOrEqual(3);
      expect(distance(found[2 * i + 1]!, parent)).toBeLessThanOrEqual(6);
    });
    // Chained: the second lies beyond three edits of the parent for some.
    expect(parents.some((parent, i) => distance(found[2 * i + 1]!, parent) > 3)).toBe(true);
  });
});
