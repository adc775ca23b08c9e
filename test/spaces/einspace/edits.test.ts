/** Edits stay in the space and change something; strings come back exactly or not at all; normal forms see through wrapping. */
import { describe, expect, it } from 'vitest';
import { ColeError, stream } from '#cole/base/index.js';
import { renderer } from '#cole/code/index.js';
import { Offers } from '#cole/spaces/einspace/offers.js';
import { fits, isOffered, Tensor } from '#cole/spaces/einspace/shapes.js';
import {
  einspace,
  einspaceGrammar,
  type Network,
  normalForm,
  parseSettings,
  printLong,
  traceOf,
} from '#cole/spaces/index.js';

const small = einspace(parseSettings('1x8x8,maxNodes=200,maxParameters=300000,maxElements=100000,maxDepth=8'));
const { limits } = parseSettings('1x8x8,maxNodes=200,maxParameters=300000,maxElements=100000,maxDepth=8');

function expectWithin(network: Network): void {
  const trace = traceOf(network);
  expect(trace.nodes).toBeLessThanOrEqual(limits.maxNodes);
  expect(trace.parameters).toBeLessThanOrEqual(limits.maxParameters);
  expect(trace.elements).toBeLessThanOrEqual(limits.maxElements);
  expect(trace.nesting).toBeLessThanOrEqual(limits.maxDepth + 1);
}

/** Networks one edit after the other, so that edits of edited ones are among them. */
function* walk(count: number, ...key: string[]): Generator<Network> {
  const rng = stream('einspace walk', ...key);
  let network = small.sample(rng);
  for (let i = 0; i < count; i++) {
    const next = i % 20 === 0 ? small.sample(rng) : small.mutate(network, rng);
    if (i % 20 !== 0) expect(small.key(next)).not.toBe(small.key(network));
    network = next;
    yield network;
  }
}

describe('mutation', () => {
  it('always changes something and stays within the limits', () => {
    for (const network of walk(3000, 'limits')) expectWithin(network);
  });
  it('reaches modules and terminals alike, the root among them', () => {
    const network = small.parse('sequential(computation<norm>, computation<softmax>)');
    const rng = stream('reach');
    let [roots, leaves] = [0, 0];
    const draws = 4000;
    for (let i = 0; i < draws; i++) {
      const text = small.print(small.mutate(network, rng));
      if (!text.startsWith('sequential(')) roots++;
      else if (/^sequential\(computation<[^>]*>, computation<[^>]*>\)$/.test(text)) leaves++;
    }
    // Nodes: root, two computations, two terminals. A new root is a sequential in about 3 of 8 draws.
    expect(roots / draws).toBeGreaterThan(0.08);
    expect(roots / draws).toBeLessThan(0.2);
    expect(leaves / draws).toBeGreaterThan(0.4);
  });
  it('of a network in which little fits still ends', () => {
    const tight = einspace(parseSettings('1x1,maxNodes=5,maxDepth=1'));
    const rng = stream('tight');
    for (let i = 0, network = tight.sample(rng); i < 200; i++) {
      const next = tight.mutate(network, rng);
      expect(tight.key(next)).not.toBe(tight.key(network));
      network = next;
    }
  });
});

describe('neighbours', () => {
  it('differ in one terminal and are all different', () => {
    for (const network of walk(40, 'neighbours')) {
      const found = small.neighbours(network);
      expect(new Set(found.map(small.key)).size).toBe(found.length);
      for (const { code } of found.slice(0, 30)) {
        expect(code.length).toBe(network.code.length);
        expect(code.filter((op, at) => op !== network.code[at]).length).toBe(1);
      }
    }
  });
});

describe('crossover', () => {
  it('gives a network made of both, within the limits', () => {
    const rng = stream('crossover');
    const parents = [...walk(400, 'parents')];
    let mixed = 0;
    for (let i = 0; i + 1 < parents.length; i++) {
      const [a, b] = [parents[i]!, parents[i + 1]!];
      const child = small.crossover!(a, b, rng);
      expectWithin(child);
      if (![a, b].some((parent) => small.key(parent) === small.key(child))) mixed++;
    }
    expect(mixed).toBeGreaterThan(250);
  });
});

describe('strings', () => {
  it('come back from both forms', () => {
    for (const network of walk(400, 'strings')) {
      expect(small.parse(small.print(network))).toEqual(network);
      expect(small.parse(printLong(network, traceOf(network)))).toEqual(network);
    }
  });
  it('come back from keys; others are refused by name, or are another network', () => {
    const rng = stream('keys');
    let refused = 0;
    for (const network of walk(200, 'keys')) {
      const key = small.key(network);
      expect(small.parse(key)).toEqual(network);
      const at = rng.int(key.length);
      const changed = `${key.slice(0, at)}${rng.pick([...'ABCDEPUaqrxz059-_.('])}${key.slice(at + 1)}`;
      try {
        expect(small.key(small.parse(changed))).toBe(changed);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_INPUT' });
        expect((error as ColeError).message).toContain('of an einspace derivation');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
  it('have the documented look', () => {
    const text =
      'branching(2){clone(2), sequential(routing[im2col(3,1,1), computation<linear(64)>, col2im], computation<norm>), computation<identity>, cat(2,1)}';
    const network = small.parse(text);
    expect(small.print(network)).toBe(text);
    expect(
      printLong(
        small.parse('routing[im2col(4,4,0), computation<leakyrelu>, identity]'),
        traceOf(small.parse('routing[im2col(4,4,0), computation<leakyrelu>, identity]')),
      ),
    ).toBe(
      "routing[im2col(4,4,0){'out_feature_shape': [4, 16]}, computation[leakyrelu{'out_feature_shape': [4, 16]}], identity{'out_feature_shape': [4, 16]}]",
    );
    expect(() => small.parse(text.replace('cat(2,1)', 'add(2)'))).toThrow(
      'expected an operation that fits branches of shape [64, 8, 8] and [1, 8, 8] at character 135',
    );
    expect(() => small.parse(text.replace('leaky', '').replace('norm', 'relu'))).toThrow(
      'expected an operation of einspace',
    );
    expect(() => small.parse('computation<norm>')).toThrow(
      'expected a sequential, branching or routing at character 1',
    );
    expect(() => small.parse('')).toThrow('the root is missing');
  });
  it('with one character changed are refused by name, or are another network', () => {
    const rng = stream('typos');
    const letters = [...'abclmnprsxyz0123456789(),<>{}[]_ '];
    let refused = 0;
    for (const network of walk(300, 'typos')) {
      const long = rng.int(2) === 0;
      const text = long ? printLong(network, traceOf(network)) : small.print(network);
      for (let i = 0; i < 8; i++) {
        const at = rng.int(text.length);
        const kind = rng.int(3);
        const letter = rng.pick(letters);
        const changed = text.slice(0, at) + (kind === 0 ? '' : letter) + text.slice(kind === 1 ? at : at + 1);
        if (changed === text) continue;
        try {
          const other = small.parse(changed);
          expect(long ? printLong(other, traceOf(other)) : small.print(other)).toBe(changed.trim());
        } catch (error) {
          expect(error).toBeInstanceOf(ColeError);
          expect((error as ColeError).code).toBe('ERR_INPUT');
          expect((error as ColeError).message).toContain('of an einspace derivation');
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(1500);
  });
});

describe('normal forms', () => {
  const { render: nested } = renderer('einspace', 'nested');
  const { render: statements } = renderer('einspace', 'statements');

  it('do not see identities, the grouping of sequences and the order of a cloned sum', () => {
    const rng = stream('wrapping');
    for (const network of walk(600, 'wrapping')) {
      const text = small.print(network);
      const wrapped = [
        `sequential(computation<identity>, ${text})`,
        `routing[identity, ${text}, identity]`,
        `sequential(${text}, routing[identity, computation<identity>, identity])`,
        text.replace(/computation<(norm|softmax|linear\(\d+\))>/, 'sequential(computation<$1>, computation<identity>)'),
      ];
      const other = small.parse(rng.pick(wrapped));
      expect(small.canonicalKey(other)).toBe(small.canonicalKey(network));
      expect(nested(other)).toBe(nested(network));
      expect(statements(other)).toBe(statements(network));
    }
    const [a, b, c] = ['computation<norm>', 'computation<softmax>', 'computation<linear(16)>'];
    const same = (left: string, right: string) =>
      expect(small.canonicalKey(small.parse(left))).toBe(small.canonicalKey(small.parse(right)));
    same(`sequential(sequential(${a}, ${b}), ${c})`, `sequential(${a}, sequential(${b}, ${c}))`);
    same(`branching(2){clone(2), ${a}, ${b}, add(2)}`, `branching(2){clone(2), ${b}, ${a}, add(2)}`);
    same(
      `sequential(branching(4){group(4,2), computation<identity>, cat(4,2)}, ${c})`,
      `sequential(computation<identity>, ${c})`,
    );
    same(`routing[perm(0,2,3,1), ${a}, perm(0,3,1,2)]`, `routing[perm(0,2,3,1), ${a}, perm(0,3,1,2)]`);
    same(
      `sequential(routing[perm(0,2,3,1), computation<identity>, perm(0,3,1,2)], ${a})`,
      `sequential(${a}, computation<identity>)`,
    );
    same(
      `sequential(routing[im2col(1,1,0), computation<identity>, col2im], ${a})`,
      `sequential(${a}, computation<identity>)`,
    );
  });
  it('tell apart what is not the same', () => {
    const [a, b] = ['computation<norm>', 'computation<softmax>'];
    const keys = [
      `branching(2){clone(2), ${a}, ${b}, cat(2,1)}`,
      `branching(2){clone(2), ${b}, ${a}, cat(2,1)}`,
      `branching(2){group(2,2), ${a}, ${b}, add(2)}`,
      `branching(2){group(2,2), ${b}, ${a}, add(2)}`,
      `sequential(${a}, ${b})`,
      `sequential(${b}, ${a})`,
      `routing[im2col(1,1,0), ${a}, col2im]`,
      `sequential(${a}, computation<leakyrelu>)`,
      `sequential(${a}, sequential(computation<leakyrelu>, computation<leakyrelu>))`,
    ].map((text) => small.canonicalKey(small.parse(text)));
    expect(new Set(keys).size).toBe(keys.length);
  });
  it('have one text for one key and one key for one text', () => {
    const texts = new Map<string, string>();
    const keys = new Map<string, string>();
    for (const network of walk(4000, 'texts')) {
      const { key } = normalForm(network);
      for (const render of [nested, statements]) {
        const text = render(network);
        expect(texts.get(`${key}${render === nested}`) ?? text).toBe(text);
        texts.set(`${key}${render === nested}`, text);
        expect(keys.get(text) ?? key).toBe(key);
        keys.set(text, key);
      }
    }
    expect(keys.size).toBeGreaterThan(2000);
  });
});

describe('what the grammar offers', () => {
  it('is what fits, for tensors of every kind', () => {
    const offers = new Offers();
    const rng = stream('offers');
    const sides = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24, 32];
    const random = () => {
      const x = new Tensor();
      const rank = rng.pick([2, 3]);
      x.set(rank, rng.pick(sides), rng.pick(sides), rank === 3 ? rng.pick(sides) : 1, rng.int(4) === 0);
      return x;
    };
    const { places, branchFactor } = einspaceGrammar;
    for (let i = 0; i < 20_000; i++) {
      const x = random();
      const other = rng.int(3) === 0 ? x : random();
      const windows = rng.int(3) === 0 ? 0 : rng.pick(sides);
      const around = {
        other,
        branches: rng.pick([2, 4, 8]),
        rows: windows,
        columns: rng.pick(sides),
        strictFold: false,
      };
      if (around.branches > 2) around.other = x;
      const direct = (ops: readonly number[]) => ops.filter((op) => fits(op, x, around) && isOffered(op, x));
      expect([...offers.pre(x, around)]).toEqual(direct(places.pre));
      expect([...offers.post(x, around)]).toEqual(direct(places.post));
      expect([...offers.aggregation(x, around)]).toEqual(direct(places.aggregation));
      expect([...offers.branch(0, x, around)]).toEqual(direct(places.branch));
      expect([...offers.branch(4, x, around)]).toEqual(direct(places.branch.filter((op) => branchFactor[op] === 4)));
    }
  });
});
