/** The space `nas-bench-201` (topology space of NATS-Bench): 15,625 cells, sampled and edited as in NASLib. */
import type { Rng } from '../../base/index.js';
import type { Space } from '../types.js';
import { type Cell, cellOf, type Operation, operations, parseCell, printCell } from './cell.js';
import { adjacency, path, pathNaslib, pathsNormal, truncatedPath } from './encodings.js';
import { canonicalString } from './isomorphism.js';

/** NASLib's filter: some edge leaves the input and some edge enters the output. 96 of the 15,380 cells that pass are still not connected. */
export function passesFilter(cell: Cell): boolean {
  const live = (edge: number) => cell[edge] !== 'none';
  return (live(0) || live(1) || live(3)) && (live(3) || live(4) || live(5));
}

const replaced = (cell: Cell, edge: number, op: Operation): Cell => cell.with(edge, op) as unknown as Cell;

export const nasBench201: Space<Cell> & { enumerate(): Iterable<Cell> } = {
  name: 'nas-bench-201',
  parse: parseCell,
  print: printCell,
  /** Six independent uniform operations, drawn again until the filter passes. */
  sample(rng: Rng): Cell {
    for (;;) {
      const cell = Array.from({ length: 6 }, () => rng.pick(operations)) as unknown as Cell;
      if (passesFilter(cell)) return cell;
    }
  },
  /** A uniform edge gets a uniform other operation. The result need not pass the filter of `sample`. */
  mutate(cell: Cell, rng: Rng): Cell {
    const edge = rng.int(6);
    return replaced(cell, edge, rng.pick(operations.filter((op) => op !== cell[edge])));
  },
  /** All 24 cells that differ in one edge: edges in string order, operations in the order of `operations`. */
  neighbours(cell: Cell): Cell[] {
    return cell.flatMap((own, edge) => operations.filter((op) => op !== own).map((op) => replaced(cell, edge, op)));
  },
  /** Every edge from either parent with equal chance. */
  crossover(a: Cell, b: Cell, rng: Rng): Cell {
    return a.map((op, edge) => (rng.int(2) === 0 ? op : b[edge]!)) as unknown as Cell;
  },
  key: printCell,
  canonicalKey: canonicalString,
  encodings: {
    adjacency,
    path,
    'path-naslib': pathNaslib,
    'path-truncated': truncatedPath(30),
    'paths-normal': pathsNormal,
  },
  /** All 15,625 cells by ascending `cellId`. */
  *enumerate(): Iterable<Cell> {
    for (let id = 0; id < 15_625; id++) yield cellOf(id);
  },
};
