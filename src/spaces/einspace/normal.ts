/**
 * Normal form of a network: what it computes, without the way it was derived. Sequences, routings and computations dissolve
 * into chains of steps; only branchings nest. Every rewriting keeps the function and the weights:
 * - identities go, and so does a split that the aggregation only undoes, and im2col 1x1 with the col2im that undoes it;
 * - permutations one after the other become one; those that cancel go;
 * - an activation stands behind permutations and col2im, with which it commutes; a second ReLU goes (variant e2);
 * - the two branches of a cloned sum stand in the order of their keys, because a sum commutes;
 * - im2col, linear, col2im is a convolution.
 * Networks of one normal form compute the same; the converse does not hold for every pair (it would need algebra of weights).
 */
import { branchFactor, branching, firstTerminal, innerModules, terminalOf } from './grammar.js';
import { type Network, traceOf } from './network.js';
import { windowsAlong } from './shapes.js';
import { shapeAt, type Trace } from './trace.js';

export type ItemKind =
  | 'permute' // axes
  | 'im2col' // kernel, stride, padding
  | 'col2im' // rows, columns
  | 'conv' // channels, kernel, stride, padding
  | 'linear' // width
  | 'norm'
  | 'relu'
  | 'softmax'
  | 'position'
  | 'open' // a branching begins: branches, dimension along which they share the input, 0 for clones
  | 'next' // its second branch begins
  | 'add' // a branching ends; so do the ones below
  | 'cat' // dimension
  | 'dot'
  | 'scaled';

/** A step of a chain, or the bracket of a branching. */
export interface Item {
  readonly kind: ItemKind;
  readonly args: readonly number[];
  /** Image before an im2col, image after a col2im: [C, H, W]. */
  readonly image?: readonly number[];
  /** Rows and columns of windows after an im2col. */
  readonly windows?: readonly [number, number];
  /** Length of the sequence before a col2im. */
  readonly positions?: number;
}

export interface NormalForm {
  readonly items: readonly Item[];
  /** Equal for equal normal forms. */
  readonly key: string;
}

export function normalForm(network: Network): NormalForm {
  const trace = traceOf(network);
  const idempotent = network.settings.variant === 'e2';
  let chain = new Chain(idempotent);
  const outer: { chain: Chain; first?: Chain }[] = [];
  for (let at = 0; at < trace.code.length; at++) {
    const op = trace.code[at]!;
    if (op < firstTerminal) {
      const second = at > 0 && trace.code[trace.parent[at]!] === branching && at !== trace.parent[at]! + 2;
      if (second) {
        outer.at(-1)!.first = chain;
        chain = new Chain(idempotent);
      }
      continue;
    }
    const place = trace.place[at]!;
    if (place === 'branch') {
      outer.push({ chain });
      chain = new Chain(idempotent);
    } else if (place === 'aggregation') {
      const branches = outer.pop()!;
      const split = trace.code[trace.parent[at]! + 1]!;
      const chains = branches.first ? [branches.first, chain] : [chain];
      chain = branches.chain;
      joinBranches(chain, split, op, chains);
    } else {
      const item = itemOf(trace, at);
      if (item) chain.append(item);
    }
  }
  return { items: fused(chain.items), key: chain.items.map(keyOfItem).join('') };
}

/** Equal for networks of one normal form. */
export function canonicalKeyOf(network: Network): string {
  return normalForm(network).key;
}

function itemOf(trace: Trace, at: number): Item | undefined {
  const op = trace.code[at]!;
  const { kind, args } = terminalOf(op);
  switch (kind) {
    case 'identity':
      return undefined;
    case 'im2col': {
      const image = shapeAt(trace.input, at);
      return { kind, args, image, windows: [windowsAlong(op, image[1]!), windowsAlong(op, image[2]!)] };
    }
    case 'col2im': {
      const image = shapeAt(trace.output, at);
      return { kind, args: image.slice(1), image, positions: trace.input[4 * at + 1]! };
    }
    default:
      return { kind: kind as ItemKind, args };
  }
}

function joinBranches(into: Chain, split: number, aggregation: number, chains: Chain[]): void {
  const factor = branchFactor[split]!;
  const { kind: how, args } = terminalOf(split);
  const along = how === 'clone' ? 0 : args[1]!;
  const joint = terminalOf(aggregation);
  const idle = chains.every((chain) => chain.items.length === 0);
  if (idle && along > 0 && joint.kind === 'cat' && joint.args[0] === along) return;
  let ordered = chains;
  if (innerModules(factor) === 2 && along === 0 && joint.kind === 'add') {
    const keys = chains.map((chain) => chain.items.map(keyOfItem).join(''));
    if (keys[0]! > keys[1]!) ordered = chains.toReversed();
  }
  into.items.push({ kind: 'open', args: [factor, along] });
  ordered.forEach((chain, index) => {
    if (index > 0) into.items.push({ kind: 'next', args: [] });
    for (const item of chain.items) into.items.push(item);
  });
  into.items.push({ kind: joint.kind as ItemKind, args: joint.args });
}

class Chain {
  readonly items: Item[] = [];
  private readonly idempotent: boolean;

  constructor(idempotent: boolean) {
    this.idempotent = idempotent;
  }

  append(item: Item): void {
    const { items } = this;
    if (item.kind === 'relu' && this.idempotent && items.at(-1)?.kind === 'relu') return;
    if (item.kind !== 'permute' && item.kind !== 'col2im' && item.kind !== 'im2col') {
      items.push(item);
      return;
    }
    let activations = 0;
    if (item.kind !== 'im2col')
      while (items.at(-1)?.kind === 'relu') {
        items.pop();
        activations++;
      }
    this.reshape(item);
    for (; activations > 0; activations--) this.append({ kind: 'relu', args: [] });
  }

  private reshape(item: Item): void {
    const { items } = this;
    const last = items.at(-1);
    if (item.kind === 'permute' && last?.kind === 'permute') {
      items.pop();
      const args = item.args.map((axis) => last.args[axis - 1]!);
      if (args.some((axis, index) => axis !== index + 1)) items.push({ kind: 'permute', args });
    } else if (last && undoes(last, item)) items.pop();
    else items.push(item);
  }
}

/** im2col 1x1 writes an image as a sequence and nothing more: it cancels with a col2im that does the reverse. */
function undoes(first: Item, second: Item): boolean {
  const [flat, back] = first.kind === 'im2col' ? [first, second] : [second, first];
  if (flat.kind !== 'im2col' || back.kind !== 'col2im' || flat.args.join() !== '1,1,0') return false;
  const [, rows, columns] = back.image!;
  return flat.image!.join() === back.image!.join() && back.positions === rows! * columns!;
}

/** Convolutions in place of im2col, linear, col2im. */
function fused(items: readonly Item[]): Item[] {
  const out: Item[] = [];
  for (const item of items) {
    const [patches, linear] = [out.at(-2), out.at(-1)];
    const fuses =
      item.kind === 'col2im' &&
      linear?.kind === 'linear' &&
      patches?.kind === 'im2col' &&
      patches.windows!.join() === item.args.join();
    if (fuses) {
      out.length -= 2;
      out.push({ kind: 'conv', args: [linear.args[0]!, ...patches.args] });
    } else out.push(item);
  }
  return out;
}

const letters: Readonly<Record<ItemKind, string>> = {
  permute: 'p',
  im2col: 'i',
  col2im: 'o',
  conv: 'v',
  linear: 'l',
  norm: 'n',
  relu: 'r',
  softmax: 's',
  position: 'e',
  open: '(',
  next: ',',
  add: ')a',
  cat: ')c',
  dot: ')d',
  scaled: ')s',
};

function keyOfItem({ kind, args }: Item): string {
  return letters[kind] + args.join('.');
}
