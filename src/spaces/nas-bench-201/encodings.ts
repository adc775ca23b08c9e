/**
 * Structural encodings of NAS-Bench-201 cells. `path` reads the input-output paths that it says it reads. `path-naslib`
 * reproduces NASLib, which applies position lists meant for the order of the string to operations in its own order, so that
 * its "direct path" is edge (1,2): still injective, but not paths; published BANANAS figures on this space rest on it.
 */
import type { Encoding } from '../types.js';
import { type Cell, naslibOps } from './cell.js';
import { livePaths, type Work } from './isomorphism.js';

/** One-hot of the operation on each edge: 6 edges in NASLib's order times 5 operations in NASLib's numbering. */
export const adjacency: Encoding<Cell> = {
  length: 30,
  encode(cell) {
    const out = new Float32Array(30);
    naslibOps(cell).forEach((op, edge) => {
      out[edge * 5 + op] = 1;
    });
    return out;
  },
};

/** Positions, in NASLib's edge order, along the paths 0-3, 0-1-3, 0-2-3 and 0-1-2-3. */
const paths = [[2], [0, 4], [1, 5], [0, 3, 5]] as const;
/** The lists that NASLib uses: right for the order of the string, wrong for its own. */
const naslibPaths = [[3], [0, 4], [1, 5], [0, 2, 5]] as const;

/** Slots before paths of length 1, 2, 3: there are 5, 25 and 125 of them. Both paths of length 2 share the same 25. */
const offsets = [0, 5, 30] as const;

/** Columns that a cell sets: base-5 number of the operations along each path, first operation least significant. */
export function pathSlots(cell: Cell, lists: readonly (readonly number[])[] = paths): number[] {
  const ops = naslibOps(cell);
  return lists.map(
    (list) => list.reduceRight((slot, position) => slot * 5 + ops[position]!, 0) + offsets[list.length - 1]!,
  );
}

function pathEncoding(lists: readonly (readonly number[])[], length = 155): Encoding<Cell> {
  return {
    length,
    encode(cell) {
      const out = new Float32Array(length);
      for (const slot of pathSlots(cell, lists)) if (slot < length) out[slot] = 1;
      return out;
    },
  };
}

export const path = pathEncoding(paths);
export const pathNaslib = pathEncoding(naslibPaths);

/** The first `cutoff` columns of `path`. Natural cutoffs are 5, 30 (no long path) and 155; below 155 it is not injective. */
export const truncatedPath = (cutoff: number): Encoding<Cell> => pathEncoding(paths, cutoff);

export const naslibPathSlots = (cell: Cell): number[] => pathSlots(cell, naslibPaths);

const work: readonly Work[] = ['nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'];
/** Columns before paths that do 0, 1, 2 and 3 operations. */
const workOffsets = [0, 1, 4, 13] as const;

/**
 * How often each sequence of operations occurs among the input-output paths, zeros and skips left out: 1 + 3 + 9 + 27
 * sequences. Unlike `path` it is the same for isomorphic cells; a multiset of paths, so not injective even on classes.
 */
export const pathsNormal: Encoding<Cell> = {
  length: 40,
  encode(cell) {
    const out = new Float32Array(40);
    for (const path of livePaths(cell)) {
      const slot = path.reduceRight((sum, op) => sum * 3 + work.indexOf(op), 0) + workOffsets[path.length]!;
      out[slot] = out[slot]! + 1;
    }
    return out;
  },
};
