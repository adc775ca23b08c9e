/** Architectures as text: renderers by space and style. */
import { pickNamed, unknownName } from '../base/index.js';
import {
  type Cell,
  einspaceDefaults,
  type Network,
  parseSettings,
  printLong,
  settingsName,
  space,
  spaceFamily,
  traceOf,
} from '../spaces/index.js';
import { flat } from './einspace/flat.js';
import { modulesText } from './einspace/modules.js';
import * as einspaceNormal from './einspace/normal.js';
import { nested, paths, statements } from './nas-bench-201/normal.js';
import { excludeHelper, helper, inline } from './nas-bench-201/source.js';
import type { Renderer } from './types.js';

export { moduleClasses } from './einspace/modules.js';
export { type CallSite, callSites, pathTerms } from './nas-bench-201/normal.js';
export { helperClass } from './nas-bench-201/source.js';
export type { Renderer } from './types.js';

interface Style<Arch> {
  /** Raised when the text of any architecture changes. */
  readonly version: number;
  readonly render: (arch: Arch) => string;
}

const nasBench201Styles: Readonly<Record<string, Style<Cell>>> = {
  exclude_helper: { version: 1, render: excludeHelper },
  helper: { version: 1, render: helper },
  inline: { version: 1, render: inline },
  nested: { version: 1, render: nested },
  statements: { version: 1, render: statements },
  paths: { version: 1, render: paths },
};

const flatWith = (...modes: ('peephole' | 'shapes' | 'head')[]): Style<Network> => {
  const options = {
    peephole: modes.includes('peephole'),
    shapes: modes.includes('shapes'),
    head: modes.includes('head'),
  };
  return { version: 1, render: (network) => flat(network, options) };
};

const einspaceStyles: Readonly<Record<string, Style<Network>>> = {
  flat: flatWith(),
  'flat+peephole': flatWith('peephole'),
  'flat+shapes': flatWith('shapes'),
  'flat+peephole+shapes': flatWith('peephole', 'shapes'),
  'flat+head': flatWith('head'),
  'flat+peephole+head': flatWith('peephole', 'head'),
  modules: { version: 1, render: modulesText },
  nested: { version: 1, render: einspaceNormal.nested },
  statements: { version: 1, render: einspaceNormal.statements },
  'derivation-long': { version: 1, render: (network) => printLong(network, traceOf(network)) },
};

const bySpace: Readonly<Record<string, Readonly<Record<string, Style<never>>>>> = {
  'nas-bench-201': nasBench201Styles,
  einspace: einspaceStyles,
};

/** Styles of code for a space. The plain string of the architecture, style `arch`, is there for every space and not listed. */
export function styles(spaceName: string): string[] {
  return Object.keys(pickNamed('space', bySpace, spaceFamily(spaceName)));
}

export function renderer(spaceName: string, style: string): Renderer<unknown> {
  const family = spaceFamily(spaceName);
  const known = pickNamed('space', bySpace, family);
  const found = style === 'arch' ? { version: 1, render: space(spaceName).print } : known[style];
  if (!found || !(style === 'arch' || Object.hasOwn(known, style)))
    throw unknownName(`style of ${family}`, style, [...Object.keys(known), 'arch']);
  return {
    identity: `${textSpace(spaceName)}/${style}@${found.version}`,
    style,
    render: found.render as (arch: unknown) => string,
  };
}

/** Name of a space by what texts depend on: limits say which networks there are, not how they are written. */
function textSpace(name: string): string {
  if (!name.startsWith('einspace:')) return name;
  return settingsName({ ...parseSettings(name.slice('einspace:'.length)), limits: einspaceDefaults.limits });
}
