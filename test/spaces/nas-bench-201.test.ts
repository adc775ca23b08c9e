import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColeError, stream } from '#cole/base/index.js';
import {
  type Cell,
  canonicalString,
  cellId,
  cellOf,
  expression,
  livePaths,
  megaFlops,
  nasBench201,
  naslibOps,
  naslibPathSlots,
  operationIndex,
  operations,
  parameterCount,
  passesFilter,
  pathSlots,
  space,
  truncatedPath,
  uniqueString,
} from '#cole/spaces/index.js';

const all = [...nasBench201.enumerate()];
const distinct = (items: Iterable<unknown>) => new Set(items).size;
const { parse, print, encodings } = nasBench201;

const table = join(process.env.COLE_SHARED ?? '/nonexistent', 'data', 'nas-bench-201', 'cifar10-test-seed888.csv');

// Index in the benchmark, and the cell as the benchmark writes it.
const index0 = '|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|';

describe('strings', () => {
  it('round-trips all 15,625 cells, all distinct', () => {
    expect(all.length).toBe(15_625);
    for (const cell of all) expect(parse(print(cell))).toEqual(cell);
    expect(distinct(all.map(print))).toBe(15_625);
    expect(distinct(all.map(nasBench201.key))).toBe(15_625);
  });

  it('numbers cells by NASLib operations, first edge least significant', () => {
    all.forEach((cell, id) => {
      expect(cellId(cell)).toBe(id);
    });
    expect(naslibOps(cellOf(3))).toEqual([3, 0, 0, 0, 0, 0]);
    expect(() => cellOf(15_625)).toThrow(/0 to 15624/);
  });

  it('reads the source from ~s, not from the position', () => {
    const swapped = '|none~0|+|skip_connect~1|nor_conv_3x3~0|+|none~2|avg_pool_3x3~0|nor_conv_1x1~1|';
    expect(parse(swapped)).toEqual(['none', 'nor_conv_3x3', 'skip_connect', 'avg_pool_3x3', 'nor_conv_1x1', 'none']);
    expect(parse(`  ${index0}\n`)).toEqual(parse(index0));
  });

  it.each([
    ['', /3 groups/, 'empty'],
    ['|none~0|+|none~0|none~1|', /3 groups joined by \+.*got 2/, 'a group missing'],
    ['|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+|none~0|', /got 4/, 'a group too many'],
    [index0.replace('avg_pool_3x3', 'max_pool_3x3'), /one of none.*got max_pool_3x3/, 'an unknown operation'],
    [index0.replace('|avg_pool_3x3~0|', '|avg_pool_3x3~1|'), /source below 1 in group 1.*avg_pool_3x3~1/, 's = d'],
    [index0.replace('skip_connect~2', 'skip_connect~3'), /source below 3/, 's = d in the last group'],
    [index0.replace('skip_connect~2', 'skip_connect~7'), /source below 3/, 's > d'],
    [index0.replace('skip_connect~2', 'skip_connect~1'), /each source once in group 3.*1 twice/, 'a duplicate'],
    [index0.replace('|skip_connect~2|', '|'), /3 edges in group 3, got|3 edges in group 3/, 'an edge missing'],
    [index0.replace('skip_connect~2|', 'skip_connect~2|none~0|'), /3 edges in group 3/, 'an edge too many'],
    [index0.replace('avg_pool_3x3~0', 'avg_pool_3x3'), /op~source in group 1/, 'no source'],
    [index0.replace('avg_pool_3x3~0', 'avg_pool_3x3~-1'), /op~source in group 1/, 'a negative source'],
    [index0.slice(1), /between bars/, 'no opening bar'],
    ['||+|none~0|none~1|+|none~0|none~1|none~2|', /op~source in group 1.*nothing/, 'an empty item'],
  ])('refuses %j', (text, message) => {
    let error: unknown;
    try {
      parse(text);
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(ColeError);
    expect((error as ColeError).code).toBe('ERR_INPUT');
    expect((error as ColeError).message).toMatch(message);
  });

  it('reads any text or says what is wrong with it', () => {
    const part = fc.constantFrom('|', '+', '~', '0', '1', '2', ...operations, 'x', ' ', '\n', '~0|', '+|');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.integer({ min: 0, max: 15_624 }), (parts, id) => {
        const text = parts.join('');
        // Random text, and a good string with a piece replaced.
        const good = print(cellOf(id));
        const cut = id % good.length;
        for (const candidate of [text, good.slice(0, cut) + text + good.slice(cut + (id % 7))]) {
          try {
            const cell = parse(candidate);
            expect(parse(print(cell))).toEqual(cell);
          } catch (error) {
            expect((error as ColeError).code).toBe('ERR_INPUT');
          }
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('is found by name', () => {
    expect(space('nas-bench-201')).toBe(nasBench201);
    expect(() => space('nas-bench-210')).toThrow(/did you mean nas-bench-201/);
  });
});

describe('numberings', () => {
  it('agree with the names in NASLib, naszilla and NATS-Bench', () => {
    const inOrder = (index: Record<string, number>) => Object.keys(index).sort((a, b) => index[a]! - index[b]!);
    expect(inOrder(operationIndex.naslib)).toEqual([
      'skip_connect',
      'none',
      'nor_conv_3x3',
      'nor_conv_1x1',
      'avg_pool_3x3',
    ]);
    expect(inOrder(operationIndex.naszilla)).toEqual([
      'avg_pool_3x3',
      'nor_conv_1x1',
      'nor_conv_3x3',
      'none',
      'skip_connect',
    ]);
    expect(inOrder(operationIndex.nats)).toEqual([
      'none',
      'skip_connect',
      'nor_conv_1x1',
      'nor_conv_3x3',
      'avg_pool_3x3',
    ]);
  });
});

describe('isomorphism', () => {
  it('has 6,466 unique strings and 4,930 canonical classes', () => {
    expect(distinct(all.map((cell) => uniqueString(cell)))).toBe(6466);
    expect(distinct(all.map((cell) => uniqueString(cell, { considerZero: false })))).toBe(12_751);
    expect(distinct(all.map(nasBench201.canonicalKey))).toBe(4930);
    const zero = all.filter((cell) => canonicalString(cell) === '0');
    expect(zero.length).toBe(341);
  });

  it('never separates in the canonical form what the unique string joins', () => {
    const seen = new Map<string, string>();
    for (const cell of all) {
      const canonical = canonicalString(cell);
      const unique = uniqueString(cell);
      expect(seen.get(unique) ?? canonical).toBe(canonical);
      seen.set(unique, canonical);
    }
  });

  it('counts cells whose output sees the input', () => {
    expect(all.filter((cell) => expression(cell).length > 0).length).toBe(15_284);
    const kept = all.filter(passesFilter);
    expect(kept.length).toBe(15_380);
    expect(kept.filter((cell) => expression(cell).length === 0).length).toBe(96);
  });

  it('writes the published unique string and our canonical one', () => {
    expect(uniqueString(parse(index0))).toBe('(0)@avg_pool_3x3+(0)@avg_pool_3x3+(0)@nor_conv_1x1+(0)@nor_conv_1x1');
    expect(canonicalString(parse(index0))).toBe('avg_pool_3x3(x)+avg_pool_3x3(x)+nor_conv_1x1(x)+nor_conv_1x1(x)');
  });
});

/** Cell from NASLib operation numbers in NASLib's edge order. */
const fromOps = (ops: number[]): Cell => cellOf(ops.reduceRight((id, op) => id * 5 + op, 0));

describe('encodings', () => {
  // Benchmark index: NASLib operations, slots of NASLib's path encoding, slots of the correct one.
  const vectors = [
    { index: 0, ops: [4, 3, 3, 0, 0, 0], naslib: [0, 9, 8, 49], path: [3, 9, 8, 34] },
    { index: 11, ops: [2, 2, 1, 4, 2, 4], naslib: [4, 17, 27, 137], path: [1, 17, 27, 152] },
    { index: 284, ops: [0, 0, 1, 0, 3, 1], naslib: [0, 20, 10, 60], path: [1, 20, 10, 55] },
  ];

  it.each(vectors)('gives the known slots of architecture $index', ({ ops, naslib, path }) => {
    const cell = fromOps(ops);
    expect(naslibOps(cell)).toEqual(ops);
    expect(pathSlots(cell)).toEqual(path);
    expect(naslibPathSlots(cell)).toEqual(naslib);
    const set = (name: string) => [...encodings[name]!.encode(cell)].flatMap((x, slot) => (x === 1 ? [slot] : []));
    expect(set('path')).toEqual([...new Set(path)].sort((a, b) => a - b));
    expect(set('path-naslib')).toEqual([...new Set(naslib)].sort((a, b) => a - b));
    expect(set('path-truncated')).toEqual([...new Set(path)].filter((s) => s < 30).sort((a, b) => a - b));
    expect(set('adjacency')).toEqual(ops.map((op, edge) => edge * 5 + op));
  });

  it('writes the unique string of architecture 284', () => {
    expect(uniqueString(fromOps(vectors[2]!.ops))).toBe('#+#+(0)@nor_conv_1x1');
  });

  it('is injective, but for the truncated path', () => {
    const codes = (name: string) => distinct(all.map((cell) => encodings[name]!.encode(cell).join('')));
    expect(codes('adjacency')).toBe(15_625);
    expect(codes('path')).toBe(15_625);
    expect(codes('path-naslib')).toBe(15_625);
    expect(codes('path-truncated')).toBe(1625);
  });

  it('counts operation sequences of live paths in 40 columns, all in use', () => {
    const used = new Set<number>();
    for (const cell of all) {
      const counts = encodings['paths-normal']!.encode(cell);
      expect(counts.reduce((a, b) => a + b)).toBe(livePaths(cell).length);
      counts.forEach((count, column) => {
        if (count > 0) used.add(column);
      });
    }
    expect(used.size).toBe(40);
    expect(distinct(all.map((cell) => encodings['paths-normal']!.encode(cell).join()))).toBe(4120);
  });

  it('has the stated lengths', () => {
    const lengths = Object.fromEntries(Object.entries(encodings).map(([name, e]) => [name, e.length]));
    expect(lengths).toEqual({ adjacency: 30, path: 155, 'path-naslib': 155, 'path-truncated': 30, 'paths-normal': 40 });
    for (const [name, e] of Object.entries(encodings)) expect(e.encode(all[7]!).length).toBe(lengths[name]);
    expect(truncatedPath(5).encode(all[7]!).length).toBe(5);
  });
});

describe('cost', () => {
  it('gives the parameters and FLOPs of the benchmark records', () => {
    expect(parameterCount(fromOps([4, 3, 3, 0, 0, 0]))).toBe(129_306);
    expect(megaFlops(fromOps([4, 3, 3, 0, 0, 0]))).toBeCloseTo(15.64737, 10);
    expect(parameterCount(fromOps([2, 2, 1, 4, 2, 4]))).toBe(802_426);
    expect(megaFlops(fromOps([2, 2, 1, 4, 2, 4]))).toBeCloseTo(113.95137, 10);
    expect(distinct(all.map((cell) => parameterCount(cell)))).toBe(28);
    expect(distinct(all.map((cell) => megaFlops(cell, 120, 16)))).toBe(28);
  });

  it('counts only the classifier at full size where images are small', () => {
    const cell = all[0]!;
    expect(megaFlops(cell, 120, 16)).toBeCloseTo((megaFlops(cell, 120) - 0.0078) / 4 + 0.0078, 12);
  });
});

describe('moves', () => {
  const edits = (a: Cell, b: Cell) => a.filter((op, edge) => op !== b[edge]).length;

  it('samples uniformly among the cells that pass the filter', () => {
    const rng = stream('sample');
    const counts = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const cell = nasBench201.sample(rng);
      expect(passesFilter(cell)).toBe(true);
      counts.set(cell[0], (counts.get(cell[0]) ?? 0) + 1);
    }
    // `none` on an edge out of the input passes the filter less often than the other operations.
    const share = (op: string) => all.filter((cell) => passesFilter(cell) && cell[0] === op).length / 15_380;
    for (const op of operations) expect(counts.get(op)! / 60_000).toBeCloseTo(share(op), 2);
    expect(nasBench201.sample(stream('s', 1))).toEqual(nasBench201.sample(stream('s', 1)));
  });

  it('mutates one edge to one of the four others, every neighbour equally likely', () => {
    const rng = stream('mutate');
    const parent = parse(index0);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const child = nasBench201.mutate(parent, rng);
      expect(edits(parent, child)).toBe(1);
      counts.set(print(child), (counts.get(print(child)) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(print(parent)).toBe(index0);
  });

  it('has 24 distinct neighbours', () => {
    for (const cell of [parse(index0), ...all.slice(0, 50)]) {
      const neighbours = nasBench201.neighbours(cell);
      expect(distinct(neighbours.map(print))).toBe(24);
      for (const other of neighbours) expect(edits(cell, other)).toBe(1);
    }
  });

  it('crosses over edge by edge', () => {
    const rng = stream('crossover');
    const a = cellOf(0);
    const b = fromOps([4, 4, 4, 4, 4, 4]);
    let fromA = 0;
    for (let i = 0; i < 2000; i++) {
      const child = nasBench201.crossover!(a, b, rng);
      child.forEach((op, edge) => {
        expect([a[edge], b[edge]]).toContain(op);
      });
      fromA += child.filter((op, edge) => op === a[edge]).length;
    }
    expect(fromA / 12_000).toBeCloseTo(0.5, 1);
  });
});

describe.skipIf(!existsSync(table))('the published list (COLE_SHARED)', () => {
  const rows = existsSync(table) ? readFileSync(table, 'utf8').trim().split('\n').slice(1) : [];
  const archs = new Map(rows.map((row) => [Number(row.split(',')[0]), row.split(',')[1]!]));

  it('is the whole space, byte for byte', () => {
    expect(archs.size).toBe(15_625);
    expect(new Set(archs.values())).toEqual(new Set(all.map(print)));
  });

  it('has the cells of the test vectors at their indices', () => {
    expect(naslibOps(parse(archs.get(0)!))).toEqual([4, 3, 3, 0, 0, 0]);
    expect(naslibOps(parse(archs.get(11)!))).toEqual([2, 2, 1, 4, 2, 4]);
    expect(naslibOps(parse(archs.get(284)!))).toEqual([0, 0, 1, 0, 3, 1]);
  });
});
