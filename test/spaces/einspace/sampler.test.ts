/** The distribution of random derivations against statistics of an independent strict sampler, and the limits. */
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { einspace, einspaceGrammar, type Network, parseSettings, space, traceOf } from '#cole/spaces/index.js';

const draws = 20_000;
const unlimited = 'maxNodes=1000000000000,maxParameters=1000000000000000,maxElements=1000000000000000';

describe('random derivations', () => {
  const drawn = einspace(parseSettings(unlimited));
  const rng = stream('einspace statistics');
  const rejected: string[] = [];
  const networks = Array.from({ length: draws }, () => drawn.sample(rng, (reason) => rejected.push(reason)));
  const traces = networks.map(traceOf);
  const share = (test: (index: number) => boolean) => networks.filter((_, index) => test(index)).length / draws;
  /** Within four standard errors of a share that was itself measured on 20,000 draws. */
  const near = (got: number, expected: number) =>
    expect(Math.abs(got - expected)).toBeLessThan(4 * Math.sqrt((2 * expected * (1 - expected)) / draws) + 0.005);
  const quantiles = (values: number[]) => {
    const sorted = values.toSorted((a, b) => a - b);
    return [0.25, 0.5, 0.75, 0.9, 0.99].map((p) => sorted[Math.floor(p * draws)]!);
  };

  it('are hardly ever thrown away without limits', () => {
    expect(rejected.length).toBeLessThan(10);
  });
  it('have the known sizes', () => {
    const sizes = networks.map(({ code }) => code.filter((op) => op >= einspaceGrammar.firstTerminal).length);
    // The standard error of the mean is 0.19 here and was so there.
    expect(Math.abs(sizes.reduce((sum, size) => sum + size, 0) / draws - 16.5)).toBeLessThan(1);
    const known = [3, 7, 17, 43, 123];
    quantiles(sizes).forEach((size, index) => {
      expect(Math.abs(size - known[index]!)).toBeLessThanOrEqual(1 + 0.08 * known[index]!);
    });
    expect(quantiles(traces.map(({ nesting }) => nesting))).toEqual([2, 4, 8, 15, 21]);
  });
  it('have the known roots, outputs and parameters', () => {
    const { sequential, routing, branching } = einspaceGrammar;
    near(
      share((i) => networks[i]!.code[0] === sequential),
      0.37,
    );
    near(
      share((i) => networks[i]!.code[0] === routing),
      0.38,
    );
    near(
      share((i) => networks[i]!.code[0] === branching),
      0.25,
    );
    near(
      share((i) => traces[i]!.output[0] === 3),
      0.57,
    );
    near(
      share((i) => traces[i]!.parameters === 0),
      0.088,
    );
    near(
      share((i) => traces[i]!.parameters > 50e6),
      0.092,
    );
  });
  it('have the known aggregations', () => {
    const joined = networks.flatMap(({ code }) =>
      [...code].filter((op) => (einspaceGrammar.places.aggregation as readonly number[]).includes(op)),
    );
    const of = (...kinds: string[]) =>
      joined.filter((op) => kinds.includes(einspaceGrammar.terminalOf(op).kind)).length / joined.length;
    expect(of('cat')).toBeCloseTo(0.7, 1);
    expect(of('add')).toBeCloseTo(0.27, 1);
    expect(of('dot', 'scaled')).toBeCloseTo(0.03, 1);
  });
  it('repeat where they are small', () => {
    expect(Math.abs(new Set(networks.map(drawn.key)).size - 16_143)).toBeLessThan(250);
  });
  it('come back from their string', () => {
    for (const network of networks.slice(0, 3000)) expect(drawn.parse(drawn.print(network)).code).toEqual(network.code);
  });
});

describe('limits', () => {
  it('hold, and count what they threw away', () => {
    const tight = einspace(parseSettings('1x8x8,maxNodes=12,maxParameters=20000,maxElements=5000,maxDepth=4'));
    const rng = stream('limits');
    const reasons = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const trace = traceOf(tight.sample(rng, (reason) => reasons.add(reason)));
      expect(trace.nodes).toBeLessThanOrEqual(12);
      expect(trace.parameters).toBeLessThanOrEqual(20_000);
      expect(trace.elements).toBeLessThanOrEqual(5000);
      expect(trace.nesting).toBeLessThanOrEqual(5);
    }
    expect([...reasons].sort()).toEqual(['elements', 'nodes', 'parameters']);
  });
  it('that let nothing pass end with the reasons', () => {
    expect(() => space('einspace:maxNodes=2,maxAttempts=50').sample(stream('none'))).toThrow(
      /50 in a row were rejected: 50 for their nodes/,
    );
  });
  it('of depth do not overflow the stack', () => {
    const deep = einspace(parseSettings(`maxDepth=100000,${unlimited}`));
    let text = 'computation<norm>';
    for (let i = 0; i < 50_000; i++) text = `sequential(computation<norm>, ${text})`;
    const network: Network = deep.parse(text);
    expect(deep.print(network)).toBe(text);
    expect(deep.print(deep.mutate(network, stream('deep')))).not.toBe(text);
  });
});
