/** The search spaces by name. */
import { pickNamed } from '../base/index.js';
import { einspace } from './einspace/index.js';
import { defaultSettings, parseSettings } from './einspace/settings.js';
import { nasBench201 } from './nas-bench-201/index.js';
import type { Space } from './types.js';

export * as einspaceGrammar from './einspace/grammar.js';
export { einspace } from './einspace/index.js';
export { knownNetwork, knownNetworkNames } from './einspace/known.js';
export { type Network, traceOf } from './einspace/network.js';
export { type Item, type NormalForm, normalForm } from './einspace/normal.js';
export {
  defaultSettings as einspaceDefaults,
  parseSettings,
  type Settings as EinspaceSettings,
  settingsName,
} from './einspace/settings.js';
export { printLong } from './einspace/text.js';
export { shapeAt, type Trace } from './einspace/trace.js';
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
export { rowsOf } from './rows.js';
export type { Encoding, Space } from './types.js';

export const spaces: Readonly<Record<string, Space<unknown>>> = {
  [nasBench201.name]: nasBench201,
  einspace: einspace(defaultSettings),
};

/** Name of a space without its settings: what is before the colon. */
export function spaceFamily(name: string): string {
  return name.split(':', 1)[0]!;
}

/** The space of that name, such as `nas-bench-201` or `einspace:1x8x8`; architectures are opaque to whoever picks a space at run time. */
export function space(name: string): Space<unknown> {
  const settings = name.startsWith('einspace:') ? name.slice('einspace:'.length) : undefined;
  return settings === undefined ? pickNamed('space', spaces, name) : einspace(parseSettings(settings));
}
