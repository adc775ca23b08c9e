/**
 * The NAS-Bench-201 cell: four nodes, one of five operations on each of the six edges (s, d) with s < d; a node is the sum
 * of op(source) over its incoming edges. Two edge orders and three numberings of the operations are in use by different
 * libraries; all are kept here, by name, because mixing them gives features that look right and are not.
 */
import { ColeError } from '../../base/index.js';

export const operations = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'] as const;
export type Operation = (typeof operations)[number];

/** Operations of the six edges in string order: (0,1) (0,2) (1,2) (0,3) (1,3) (2,3). */
export type Cell = readonly [Operation, Operation, Operation, Operation, Operation, Operation];

export interface Edge {
  readonly source: number;
  readonly target: number;
}

/** Edges in the order of the architecture string and of `Cell`. */
export const stringEdges: readonly Edge[] = [
  { source: 0, target: 1 },
  { source: 0, target: 2 },
  { source: 1, target: 2 },
  { source: 0, target: 3 },
  { source: 1, target: 3 },
  { source: 2, target: 3 },
];

/** NASLib's order: by source, (0,1) (0,2) (0,3) (1,2) (1,3) (2,3). Maps between the orders; the map is its own inverse. */
export const naslibOrder = [0, 1, 3, 2, 4, 5] as const;

/** Number of an operation in the three libraries. */
export const operationIndex = {
  naslib: { skip_connect: 0, none: 1, nor_conv_3x3: 2, nor_conv_1x1: 3, avg_pool_3x3: 4 },
  naszilla: { avg_pool_3x3: 0, nor_conv_1x1: 1, nor_conv_3x3: 2, none: 3, skip_connect: 4 },
  nats: { none: 0, skip_connect: 1, nor_conv_1x1: 2, nor_conv_3x3: 3, avg_pool_3x3: 4 },
} as const satisfies Record<string, Record<Operation, number>>;

const naslibOperations: readonly Operation[] = ['skip_connect', 'none', 'nor_conv_3x3', 'nor_conv_1x1', 'avg_pool_3x3'];

/** NASLib numbers of the operations in NASLib's edge order. */
export function naslibOps(cell: Cell): number[] {
  return naslibOrder.map((position) => operationIndex.naslib[cell[position]!]);
}

/** Integer in 0..15624: base-5 number of `naslibOps`, first edge least significant. Not the index of the benchmark, which is only defined by its own list. */
export function cellId(cell: Cell): number {
  return naslibOps(cell).reduceRight((id, op) => id * 5 + op, 0);
}

/** The cell with the given `cellId`. */
export function cellOf(id: number): Cell {
  if (!Number.isInteger(id) || id < 0 || id >= 15_625)
    throw new ColeError('ERR_INPUT', `expected an integer from 0 to 15624 as id of a nas-bench-201 cell, got ${id}`);
  const digits = Array.from({ length: 6 }, (_, edge) => Math.floor(id / 5 ** edge) % 5);
  return naslibOrder.map((position) => naslibOperations[digits[position]!]!) as unknown as Cell;
}

/** `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`: one group a node, sources ascending. */
export function printCell(cell: Cell): string {
  const [a, b, c, d, e, f] = cell;
  return `|${a}~0|+|${b}~0|${c}~1|+|${d}~0|${e}~1|${f}~2|`;
}

/** Reads the string form. The source of an edge is what follows `~`; the edges of a group may stand in any order. */
export function parseCell(text: string): Cell {
  const groups = text.trim().split('+');
  if (groups.length !== 3) throw wrong(text, '3 groups joined by +', `${groups.length}`);
  const ops: (Operation | undefined)[] = new Array(6).fill(undefined);
  groups.forEach((group, at) => {
    const target = at + 1;
    const bars = group.length >= 2 && group.startsWith('|') && group.endsWith('|');
    if (!bars) throw wrong(text, `group ${target} between bars, as in |op~0|`, group === '' ? 'nothing' : group);
    const items = group.slice(1, -1).split('|');
    if (items.length !== target)
      throw wrong(
        text,
        `${target} ${target === 1 ? 'edge' : 'edges'} in group ${target}`,
        `${items.length} in ${group}`,
      );
    for (const item of items) {
      const match = /^([^~]*)~(\d+)$/.exec(item);
      if (!match) throw wrong(text, `op~source in group ${target}`, item === '' ? 'nothing' : item);
      const op = match[1] as Operation;
      if (!operations.includes(op)) throw wrong(text, `one of ${operations.join(', ')} in group ${target}`, op);
      const source = Number(match[2]);
      const edge = stringEdges.findIndex((e) => e.source === source && e.target === target);
      if (edge < 0) throw wrong(text, `a source below ${target} in group ${target}`, item);
      if (ops[edge] !== undefined)
        throw wrong(text, `each source once in group ${target}`, `${source} twice in ${group}`);
      ops[edge] = op;
    }
  });
  return ops as unknown as Cell;
}

function wrong(text: string, expected: string, got: string): ColeError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return new ColeError(
    'ERR_INPUT',
    `expected ${expected} for nas-bench-201 architecture ${JSON.stringify(shown)}, got ${got}`,
  );
}
