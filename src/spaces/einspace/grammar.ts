/**
 * The grammar of einspace as data. A derivation is the sequence of its operations in pre-order, one byte each: a module
 * (sequential, branching, routing, computation) is followed by its children, so the bytes alone determine the tree, and
 * the terminals stand in the order in which they run.
 */

/** Modules. `sequential m m`, `branching branch_fn m (m) aggregation`, `routing pre m post`, `computation fn`. */
export const sequential = 0;
export const branching = 1;
export const routing = 2;
export const computation = 3;
/** Names of the modules by their byte. */
export const modules = ['sequential', 'branching', 'routing', 'computation'] as const;

export type TerminalKind =
  | 'identity'
  | 'permute'
  | 'im2col'
  | 'col2im'
  | 'linear'
  | 'norm'
  | 'relu'
  | 'softmax'
  | 'position'
  | 'clone'
  | 'group'
  | 'dot'
  | 'scaled'
  | 'add'
  | 'cat';

export interface Terminal {
  readonly kind: TerminalKind;
  /** permute: the axes, 1-based; im2col: kernel, stride, padding; linear: width; clone: factor; group: factor, dim; cat: dim. */
  readonly args: readonly number[];
}

const terminal = (kind: TerminalKind, ...args: number[]): Terminal => ({ kind, args });
const factors = [2, 4, 8] as const;
const dims = [1, 2, 3] as const;

/** Axes of a permutation of the dimensions after the batch; the first is the only one of two dimensions. */
const permutes = [
  [2, 1],
  [1, 3, 2],
  [2, 1, 3],
  [2, 3, 1],
  [3, 1, 2],
  [3, 2, 1],
];
/** Kernel, stride and padding. */
const windows = [
  [1, 1, 0],
  [1, 2, 0],
  [3, 1, 1],
  [3, 2, 1],
  [4, 4, 0],
  [8, 8, 0],
  [16, 16, 0],
];
const widths = [16, 32, 64, 128, 256, 512, 1024, 2048];

/** Terminals; the operation of index i is the byte `firstTerminal + i`. The order is part of every key: append only. */
export const terminals: readonly Terminal[] = [
  terminal('identity'),
  ...permutes.map((axes) => terminal('permute', ...axes)),
  ...windows.map((window) => terminal('im2col', ...window)),
  terminal('col2im'),
  ...widths.map((width) => terminal('linear', width)),
  terminal('norm'),
  terminal('relu'),
  terminal('softmax'),
  terminal('position'),
  ...factors.map((factor) => terminal('clone', factor)),
  ...factors.flatMap((factor) => dims.map((dim) => terminal('group', factor, dim))),
  terminal('dot'),
  terminal('scaled'),
  terminal('add'),
  ...dims.map((dim) => terminal('cat', dim)),
];
export const firstTerminal = 4;
export const operationCount = firstTerminal + terminals.length;

/** Undefined for modules, which come before the terminals. */
export function terminalOf(op: number): Terminal {
  return terminals[op - firstTerminal]!;
}

const ofKind = (...kinds: TerminalKind[]): readonly number[] =>
  terminals.flatMap(({ kind }, index) => (kinds.includes(kind) ? [firstTerminal + index] : []));

/** What may stand in a place; branch functions split, aggregations join what they split. */
export const places = {
  branch: ofKind('clone', 'group'),
  aggregation: ofKind('dot', 'scaled', 'add', 'cat'),
  pre: ofKind('identity', 'permute', 'im2col'),
  post: ofKind('identity', 'permute', 'col2im'),
  function: ofKind('identity', 'linear', 'norm', 'relu', 'softmax', 'position'),
} as const;
export type Place = keyof typeof places;

/** Number of branches that a branch function makes, 0 for every other operation. */
export const branchFactor = Uint8Array.from({ length: operationCount }, (_, op) => {
  const { kind, args } = terminals[op - firstTerminal] ?? terminal('identity');
  return kind === 'clone' || kind === 'group' ? args[0]! : 0;
});

/** 1 for operations that cut their input into windows. */
export const isWindow = Uint8Array.from({ length: operationCount }, (_, op) =>
  Number(terminalOf(op)?.kind === 'im2col'),
);

/** Modules inside a branching: two different ones for two branches, else one, repeated with weights of its own. */
export const innerModules = (factor: number): number => (factor === 2 ? 2 : 1);

export type Variant = 'e1' | 'e2';

/** Chance of a computation where any module may stand; below 1/2 a derivation ends with certainty. */
export const computationChance = 0.32;
