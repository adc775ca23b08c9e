/** The search spaces by name. */
import { pickNamed } from '../base/index.js';
import { nasBench201 } from './nas-bench-201/index.js';
import type { Space } from './types.js';

export {
  type Cell,
  cellId,
  cellOf,
  naslibOps,
  naslibOrder,
  type Operation,
  operationIndex,
  operations,
  stringEdges,
} from './nas-bench-201/cell.js';
export { megaFlops, parameterCount } from './nas-bench-201/cost.js';
export { naslibPathSlots, pathSlots, truncatedPath } from './nas-bench-201/encodings.js';
export { nasBench201, passesFilter } from './nas-bench-201/index.js';
export {
  canonicalString,
  expression,
  livePaths,
  type Sum,
  sortTerms,
  type Term,
  uniqueString,
  type Work,
  writeSum,
} from './nas-bench-201/isomorphism.js';
export type { Encoding, Space } from './types.js';

export const spaces: Readonly<Record<string, Space<unknown>>> = { [nasBench201.name]: nasBench201 };

/** The space of that name; architectures are opaque to whoever picks a space at run time. */
export function space(name: string): Space<unknown> {
  return pickNamed('space', spaces, name);
}
