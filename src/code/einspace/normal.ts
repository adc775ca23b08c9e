/**
 * Normal forms of einspace networks: what a network computes and nothing else, a tenth of the tokens of the full source.
 * `statements` is a forward pass in which an operation is a call that owns its weights: a chain is one nested call, a
 * branching names its branches. `nested` writes the network as one expression of operations, without a name for any value:
 * `seq(...)` applies from left to right, `add(f, g)` sums what f and g make of one input, `add4(f)` sums four copies of f.
 */
import { type Item, type Network, normalForm } from '../../spaces/index.js';

/** Name of the function that a step calls. */
function callee({ kind, args }: Item, variant: Network['settings']['variant']): string {
  switch (kind) {
    case 'linear':
      return `linear${args[0]}`;
    case 'permute':
      return `permute${args.join('')}`;
    case 'im2col':
      return `unfold${args.join('_')}`;
    case 'col2im':
      return `fold${args.join('_')}`;
    case 'conv': {
      const [channels, kernel, stride] = args;
      return `conv${kernel}x${kernel}${stride === 1 ? '' : `s${stride}`}_${channels}`;
    }
    case 'relu':
      return variant === 'e2' ? 'relu' : 'leakyrelu';
    case 'position':
      return 'pos_enc';
    default:
      return kind;
  }
}

const isJoin = ({ kind }: Item): boolean => kind === 'add' || kind === 'cat' || kind === 'dot' || kind === 'scaled';
const dim = ({ args }: Item): string => (args.length === 0 ? '' : `${args[0]}`);

export function nested(network: Network): string {
  const { variant } = network.settings;
  const outer: { open: Item; before: string[]; first?: string }[] = [];
  let chain: string[] = [];
  const written = () => (chain.length === 0 ? 'identity' : chain.length === 1 ? chain[0]! : `seq(${chain.join(', ')})`);
  for (const item of normalForm(network).items) {
    if (item.kind === 'open') {
      outer.push({ open: item, before: chain });
      chain = [];
    } else if (item.kind === 'next') {
      outer.at(-1)!.first = written();
      chain = [];
    } else if (isJoin(item)) {
      const { open, before, first } = outer.pop()!;
      const [factor, along] = open.args;
      const branches = first === undefined ? written() : `${first}, ${written()}`;
      const joint = `${item.kind}${dim(item)}`;
      const copies = factor === 2 ? '' : `_${factor}`;
      chain = before;
      chain.push(along === 0 ? `${joint}${copies}(${branches})` : `chunk${along}_${joint}${copies}(${branches})`);
    } else chain.push(callee(item, variant));
  }
  return `net = ${written()}`;
}

/** Values by level of branching: x, then a and b, then c and d ... */
function valueName(level: number, second: boolean): string {
  const index = 2 * (level - 1) + (second ? 1 : 0);
  return index < 22 ? String.fromCharCode(97 + index) : `v${index}`;
}

interface Branching {
  readonly open: Item;
  /** What the branches read and what the aggregation writes to. */
  readonly source: string;
  readonly target: string;
  first?: string;
}

/** Calls inside one another in one statement; Python reads at most 200. */
const longestChain = 50;

export function statements(network: Network): string {
  return new Statements(network.settings.variant).write(normalForm(network).items);
}

class Statements {
  private readonly variant: Network['settings']['variant'];
  private readonly lines = ['class Net(nn.Module):', '    def forward(self, x):'];
  private readonly outer: Branching[] = [];
  private indent = ' '.repeat(8);
  private target = 'x';
  private value = 'x';
  /** Calls in `value`, and whether it reads names that an inner branching gave and another one may give again. */
  private calls = 0;
  private borrows = false;

  constructor(variant: Network['settings']['variant']) {
    this.variant = variant;
  }

  write(items: readonly Item[]): string {
    for (const item of items) {
      if (item.kind === 'open') this.open(item);
      else if (item.kind === 'next') this.next();
      else if (isJoin(item)) this.join(item);
      else {
        if (this.calls === longestChain) this.name();
        this.set(`${callee(item, this.variant)}(${this.value})`, this.calls + 1, this.borrows);
      }
    }
    this.line(`return ${this.value}`);
    return this.lines.join('\n');
  }

  private line(text: string): void {
    this.lines.push(this.indent + text);
  }

  private set(value: string, calls = 0, borrows = false): void {
    this.value = value;
    this.calls = calls;
    this.borrows = borrows;
  }

  private name(): void {
    if (this.calls === 0 && !this.borrows) return;
    this.line(`${this.target} = ${this.value}`);
    this.set(this.target);
  }

  private open(item: Item): void {
    this.name();
    const [factor, along] = item.args;
    const { value: source, target } = this;
    this.outer.push({ open: item, source, target });
    const [a, b] = [valueName(this.outer.length, false), valueName(this.outer.length, true)];
    this.target = a;
    if (factor !== 2) {
      this.line(`${b} = []`);
      this.line(`for ${a} in ${along === 0 ? `[${source}] * ${factor}` : `${source}.chunk(${factor}, ${along})`}:`);
      this.indent += '    ';
      this.set(a);
    } else if (along !== 0) {
      this.line(`${a}, ${b} = ${source}.chunk(2, ${along})`);
      this.set(a);
    }
  }

  private next(): void {
    if (this.borrows) this.name();
    const branching = this.outer.at(-1)!;
    branching.first = this.value;
    this.target = valueName(this.outer.length, true);
    this.set(branching.open.args[1] === 0 ? branching.source : this.target);
  }

  private join(item: Item): void {
    const { open, first, target } = this.outer.pop()!;
    if (open.args[0] === 2) this.set(joinTwo(item, first!, this.value), 1, true);
    else {
      const list = valueName(this.outer.length + 1, true);
      this.line(`${list}.append(${this.value})`);
      this.indent = this.indent.slice(4);
      this.set(item.kind === 'add' ? `sum(${list})` : `cat(${list}, ${dim(item)})`, 1, true);
    }
    this.target = target;
  }
}

function joinTwo(item: Item, a: string, b: string): string {
  if (item.kind === 'add') return `${a} + ${b}`;
  if (item.kind === 'cat') return `cat([${a}, ${b}], ${dim(item)})`;
  return `${item.kind}(${a}, ${b})`;
}
