/** One suite that every strategy passes, on a space of its own whose size and values the test decides. */

import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { createFeatures } from '#cole/features/index.js';
import {
  bananasPresets,
  createStrategy,
  type RefitEvent,
  resolveStrategy,
  type Strategy,
  type StrategyOptions,
} from '#cole/search/index.js';
import { type Cell, nasBench201 as space } from '#cole/spaces/index.js';
import { createSurrogate } from '#cole/surrogate/index.js';

const value = (cell: Cell) =>
  cell.reduce((sum, op, edge) => sum + (op === 'nor_conv_3x3' ? 3 + edge / 7 : op === 'skip_connect' ? 1 : 0), 0);

interface Setting {
  readonly options: StrategyOptions;
  readonly seed?: number;
  readonly features?: string;
  readonly onRefit?: (event: RefitEvent) => void;
}

function create({ options, seed = 1, features = 'path', onRefit }: Setting): Strategy<Cell> {
  return createStrategy<Cell>(resolveStrategy(options), {
    space,
    seed,
    features: createFeatures(features, { space }),
    surrogate: createSurrogate({ epochs: 20, components: 16, hidden: [16] }),
    heldOut: { archs: heldOut, values: heldOut.map(value) },
    ...(onRefit && { onRefit }),
  });
}

const heldOutRng = stream(9, 'held-out');
const heldOut = Array.from({ length: 100 }, () => space.sample(heldOutRng));

async function run(strategy: Strategy<Cell>, budget: number, batch: number, of = value): Promise<Cell[]> {
  const told: Cell[] = [];
  while (told.length < budget) {
    const asked = await strategy.ask(Math.min(batch, budget - told.length));
    if (asked.length === 0) break;
    strategy.tell(asked.map((arch) => ({ arch, value: of(arch) })));
    told.push(...asked);
  }
  return told;
}

const texts = (cells: readonly Cell[]) => cells.map((cell) => space.print(cell));

const settings: Record<string, StrategyOptions> = {
  random: { strategy: 'random' },
  evolution: { strategy: 'evolution' },
  local: { strategy: 'local' },
  bananas: { strategy: 'bananas' },
  'bananas by text': { strategy: 'bananas', bananas: { identity: 'text' } },
};

describe.each(Object.entries(settings))('%s', (_, options) => {
  it('is a function of its seed', async () => {
    const [a, b, other] = await Promise.all(
      [1, 1, 2].map(async (seed) => texts(await run(create({ options, seed }), 60, 10))),
    );
    expect(a).toEqual(b);
    expect(a).not.toEqual(other);
  });
  it('asks for distinct architectures, none of them told before', async () => {
    const warm = [...space.enumerate()].slice(0, 50);
    const strategy = create({ options });
    strategy.tell(warm.map((arch) => ({ arch, value: value(arch) })));
    const asked = await run(strategy, 40, 7);
    expect(new Set(texts([...warm, ...asked])).size).toBe(90);
  });
  it('goes on after a cut as if there had been none', async () => {
    const whole = await run(create({ options }), 60, 10);
    for (const cut of [0, 10, 20, 40]) {
      const resumed = create({ options });
      resumed.tell(whole.slice(0, cut).map((arch) => ({ arch, value: value(arch) })));
      expect(texts(await run(resumed, 60 - cut, 10))).toEqual(texts(whole.slice(cut)));
    }
  });
  it('gives the same answer when asked twice', async () => {
    const strategy = create({ options });
    await run(strategy, 30, 10);
    expect(texts(await strategy.ask(5))).toEqual(texts(await strategy.ask(5)));
  });
  it('never asks for a miss again and goes on without it', async () => {
    const strategy = create({ options });
    const missed = new Set<string>();
    const found: Cell[] = [];
    while (found.length < 40) {
      const asked = await strategy.ask(10);
      for (const text of texts(asked)) expect(missed.has(text)).toBe(false);
      const misses = asked.filter((cell) => cell[0] === 'none');
      for (const text of texts(misses)) missed.add(text);
      const results = asked.filter((cell) => cell[0] !== 'none');
      strategy.tell(
        results.map((arch) => ({ arch, value: value(arch) })),
        misses,
      );
      found.push(...results);
    }
    expect(missed.size).toBeGreaterThan(0);
  });
  it('does one at a time, and with equal values', async () => {
    const asked = await run(create({ options }), 36, 1, () => 5);
    expect(new Set(texts(asked)).size).toBe(36);
  });
  it('refuses a value that is not finite', () => {
    const [arch] = space.enumerate();
    expect(() => create({ options }).tell([{ arch: arch!, value: Number.NaN }])).toThrow('got NaN');
  });
});

describe('strategies', () => {
  it('start from the same architectures when seeds are equal, whatever guides them afterwards', async () => {
    const starts = await Promise.all(
      [
        create({ options: { strategy: 'random' } }),
        create({ options: { strategy: 'evolution' } }),
        create({ options: { strategy: 'local', local: { initial: 20 } } }),
        create({ options: { strategy: 'bananas' } }),
        create({ options: { strategy: 'bananas' }, features: 'adjacency' }),
        create({ options: { strategy: 'bananas', preset: 'cole-reference' } }),
      ].map(async (strategy) => texts(await run(strategy, 20, 10))),
    );
    for (const start of starts) expect(start).toEqual(starts[0]);
  });
  it('list the rest of a small space and end with it', async () => {
    const few = [...space.enumerate()].slice(0, 40);
    const small = {
      ...space,
      enumerate: () => few,
      sample: (rng: { pick<T>(items: readonly T[]): T }) => rng.pick(few),
    };
    for (const strategy of ['random', 'evolution', 'local'] as const) {
      const searcher = createStrategy<Cell>(resolveStrategy({ strategy }), {
        space: { ...small, mutate: (_, rng) => rng.pick(few), neighbours: () => few.slice(0, 5) },
        seed: 3,
      });
      expect(new Set(texts(await run(searcher, 100, 10))).size).toBe(40);
    }
  });
});

describe('bananas', () => {
  it('is better than random search on a smooth function', async () => {
    const best = async (options: StrategyOptions, seed: number) =>
      Math.max(...(await run(create({ options, seed, features: 'adjacency' }), 80, 10)).map(value));
    let wins = 0;
    for (let seed = 0; seed < 5; seed++) {
      const [random, bananas] = [await best({ strategy: 'random' }, seed), await best({ strategy: 'bananas' }, seed)];
      if (bananas > random) wins++;
    }
    expect(wins).toBeGreaterThanOrEqual(4);
  });
  it('tells of each refit how well its surrogate ranks what was not evaluated', async () => {
    const events: RefitEvent[] = [];
    await run(
      create({ options: { strategy: 'bananas' }, features: 'adjacency', onRefit: (e) => events.push(e) }),
      60,
      10,
    );
    expect(events.map(({ evaluations }) => evaluations)).toEqual([20, 30, 40, 50]);
    expect(events.at(-1)!.tau).toBeGreaterThan(0.25);
  });
  it('fits 48 times for 500 evaluations, as the published experiments do, repetitions included', async () => {
    let fits = 0;
    const strategy = create({ options: { strategy: 'bananas', preset: 'cole-reference' }, onRefit: () => fits++ });
    const asked = texts(await run(strategy, 500, 10));
    expect(asked).toHaveLength(500);
    expect(fits).toBe(48);
    expect(new Set(asked).size).toBeLessThan(500);
  });
  it('has presets that say what they change', () => {
    expect(bananasPresets['cole-reference']).toMatchObject({
      generator: 'chained',
      parents: 16,
      candidates: 100,
      maxEdits: 3,
    });
    expect(bananasPresets.naslib).toMatchObject({ generator: 'chained', parents: 2, maxEdits: 1 });
  });
});

describe('local search', () => {
  const near = (a: Cell, b: Cell) => a.filter((op, edge) => op !== b[edge]).length === 1;
  it('evaluates all neighbours of a centre, then goes to the best of them', async () => {
    const asked = await run(create({ options: { strategy: 'local' } }), 100, 10);
    let centre = asked.slice(0, 10).reduce((best, cell) => (value(cell) > value(best) ? cell : best));
    let at = 10;
    for (let climbs = 0; climbs < 3; climbs++) {
      const open = space.neighbours(centre).filter((cell) => !texts(asked.slice(0, at)).includes(space.print(cell)));
      const turn = asked.slice(at, at + open.length);
      expect([...texts(turn)].sort()).toEqual([...texts(open)].sort());
      at += open.length;
      const best = space.neighbours(centre).reduce((best, cell) => (value(cell) > value(best) ? cell : best));
      expect(value(best)).toBeGreaterThan(value(centre));
      centre = best;
    }
  });
  it('starts again from a random architecture where no neighbour is better', async () => {
    const asked = await run(create({ options: { strategy: 'local', local: { initial: 1 } } }), 30, 10, () => 1);
    const [first] = asked;
    expect(asked.slice(1, 25).every((cell) => near(cell, first!))).toBe(true);
    expect(near(asked[25]!, first!)).toBe(false);
    expect(asked.slice(26).every((cell) => near(cell, asked[25]!))).toBe(true);
  });
  it('goes on from what is better than its centre, whoever found it', async () => {
    const strategy = create({ options: { strategy: 'local' } });
    await run(strategy, 15, 5);
    const best = space.parse('|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|none~2|');
    strategy.tell([{ arch: best, value: value(best) }]);
    expect((await strategy.ask(10)).every((cell) => near(cell, best))).toBe(true);
  });
});

describe('resolveStrategy', () => {
  it.each([
    [{ strategy: 'banana' }, 'did you mean bananas?'],
    [{ strategy: 'random', preset: 'naslib' }, 'a preset for strategy bananas only'],
    [{ strategy: 'bananas', preset: 'nas' }, 'preset of bananas'],
    [{ strategy: 'bananas', bananas: { parent: 3 } }, 'did you mean parents?'],
    [{ strategy: 'bananas', bananas: { candidates: 0 } }, 'for candidates, got 0'],
    [{ strategy: 'bananas', bananas: { acquisition: 'pi' } }, 'as acquisition, got pi'],
    [{ strategy: 'random', bananas: {} }, 'no settings of bananas for strategy random'],
    [{ strategy: 'bananas', preset: 'cole-reference', bananas: { candidates: 40 } }, 'got 40'],
    [{ strategy: 'evolution', evolution: { sample: 1.5 } }, 'for sample, got 1.5'],
    [{ strategy: 'local', local: { initial: 0 } }, 'for initial, got 0'],
  ])('refuses %j', (options, message) => {
    expect(() => resolveStrategy(options as StrategyOptions)).toThrow(message);
  });
});
