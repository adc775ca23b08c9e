/**
 * The rooms of the house: which folder of `src` may import which, that a room is entered through its index.ts, that no two
 * files import each other in a circle, and that Arrow, onnxruntime, Piscina and Node-API have one importing room each. Reads
 * import lines; nothing is executed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What a room may import; `types of X` allows type-only imports. */
const rooms: Record<string, string[]> = {
  base: [],
  native: ['base'],
  arrow: ['base'],
  spaces: ['base'],
  code: ['spaces', 'base'],
  lm: ['native', 'arrow', 'base'],
  features: ['spaces', 'code', 'base', 'types of lm'],
  surrogate: ['native', 'arrow', 'base'],
  objectives: ['code', 'spaces', 'arrow', 'base'],
  search: ['spaces', 'base', 'types of surrogate', 'types of objectives', 'types of features'],
  study: [
    'search',
    'objectives',
    'surrogate',
    'features',
    'lm',
    'code',
    'spaces',
    'arrow',
    'native',
    'base',
    'workers',
  ],
  screen: ['workers', 'study', 'objectives', 'surrogate', 'features', 'lm', 'code', 'spaces', 'arrow', 'base'],
  report: ['arrow', 'base'],
  workers: [
    'screen',
    'study',
    'search',
    'objectives',
    'surrogate',
    'features',
    'lm',
    'code',
    'spaces',
    'arrow',
    'native',
    'base',
  ],
  cli: ['index', 'base'],
};

/** Libraries that only the named rooms import. */
const importers: Record<string, string[]> = {
  'apache-arrow': ['arrow'],
  'onnxruntime-node': ['lm'],
  piscina: ['workers'],
  commander: ['cli'],
  '@commander-js/extra-typings': ['cli'],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

type Sources = Readonly<Record<string, string>>;

describe('rooms', () => {
  const sources = readSources(join(root, 'src'), '.ts');

  it('import only what they may, through the index of the other room', () => {
    expect(breaches(sources)).toEqual([]);
  });
  it('have no circles of files', () => {
    expect(circle(sources)).toBeUndefined();
  });
  it('are made public by name alone', () => {
    const rest = sources['index.ts']!.replace(/\/\*[\s\S]*?\*\//g, '').replace(
      /export (type )?\{[^}]*\} from '[^']+';/g,
      '',
    );
    expect(rest.trim()).toBe('');
  });
  it('are all in the table', () => {
    const found = new Set(Object.keys(sources).map(roomOf));
    found.delete('index');
    expect([...found].filter((room) => !(room in rooms))).toEqual([]);
  });
});

describe('native rooms', () => {
  const sources = Object.entries({
    ...readSources(join(root, 'native'), '.h'),
    ...readSources(join(root, 'native'), '.cpp'),
  });

  it('leave Node-API to the bindings', () => {
    const users = sources.filter(([, text]) => /#include\s*[<"](napi|node_api|js_native_api)/.test(text));
    expect(users.map(([path]) => path)).toEqual(['bindings/napi_setup.h']);
    const setup = sources.filter(([, text]) => text.includes('napi_setup.h"')).map(([path]) => path);
    expect(setup.filter((path) => !path.startsWith('bindings/') && path !== 'addon.cpp')).toEqual([]);
  });
});

describe('the check itself', () => {
  const judge = (path: string, text: string) => breaches({ [path]: text });

  it('finds a forbidden room', () => {
    expect(judge('spaces/a.ts', "import { x } from '../lm/index.js';")).toEqual([
      'spaces/a.ts: spaces may not import lm',
    ]);
    expect(judge('spaces/a.ts', "import { x } from '../base/index.js';")).toEqual([]);
    expect(judge('base/a.ts', "const { x } = await import('../study/index.js');")).toHaveLength(1);
    expect(judge('report/a.ts', "export * from '../study/index.js';")).toHaveLength(1);
  });
  it('tells types from values', () => {
    expect(judge('features/a.ts', "import type { Embedder } from '../lm/index.js';")).toEqual([]);
    expect(judge('features/a.ts', "import { type Embedder, type Pooling } from '../lm/index.js';")).toEqual([]);
    expect(judge('features/a.ts', "import { type Embedder, open } from '../lm/index.js';")).toHaveLength(1);
  });
  it('finds an entry beside the index', () => {
    expect(judge('code/a.ts', "import { x } from '../spaces/types.js';")).toEqual([
      'code/a.ts: spaces is entered through spaces/index.ts, not ../spaces/types.js',
    ]);
    expect(judge('cli/commands/a.ts', "import { x } from '../../index.js';")).toEqual([]);
  });
  it('finds a library outside its room', () => {
    expect(judge('study/a.ts', "import { Table } from 'apache-arrow';")).toEqual([
      'study/a.ts: only arrow may import apache-arrow',
    ]);
    expect(judge('lm/a.ts', "import { InferenceSession } from 'onnxruntime-node';")).toEqual([]);
  });
  it('finds a circle', () => {
    const a = "import { b } from './b.js';";
    expect(circle({ 'base/a.ts': a, 'base/b.ts': "import { a } from './a.js';" })).toHaveLength(3);
    expect(circle({ 'base/a.ts': a, 'base/b.ts': "import type { a } from './a.js';" })).toBeUndefined();
  });
});

function readSources(folder: string, extension: string): Sources {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(extension));
  return Object.fromEntries(
    paths.sort().map((path) => [path.split('\\').join('/'), readFileSync(join(folder, path), 'utf8')]),
  );
}

function roomOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');
}

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const statement =
    /^\s*(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\('([^']+)'\)/gm;
  for (const [, type, names, from, bare, dynamic] of text.matchAll(statement)) {
    const inner = /^\{(.*)\}$/s.exec(names ?? '')?.[1];
    const items =
      inner
        ?.split(',')
        .map((item) => item.trim())
        .filter(Boolean) ?? [];
    const typeOnly = type !== undefined || (items.length > 0 && items.every((item) => item.startsWith('type ')));
    found.push({ from: path, to: (from ?? bare ?? dynamic)!, typeOnly });
  }
  return found;
}

/** Path under src of a relative import. */
function resolved({ from, to }: Import): string {
  return posix.join(posix.dirname(from), to).replace(/\.js$/, '.ts');
}

function breaches(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, text]) =>
    importsOf(path, text).flatMap((each) => {
      const room = roomOf(path);
      if (!each.to.startsWith('.')) {
        const library = each.to
          .split('/')
          .slice(0, each.to.startsWith('@') ? 2 : 1)
          .join('/');
        const allowed = importers[library];
        return allowed && !allowed.includes(room) ? [`${path}: only ${allowed.join(', ')} may import ${library}`] : [];
      }
      const target = resolved(each);
      const other = roomOf(target);
      if (other === room || room === 'index') return [];
      const allowed = rooms[room] ?? [];
      if (!allowed.includes(other) && !(each.typeOnly && allowed.includes(`types of ${other}`)))
        return [`${path}: ${room} may not import ${other}`];
      if (other !== 'index' && target !== `${other}/index.ts`)
        return [`${path}: ${other} is entered through ${other}/index.ts, not ${each.to}`];
      return [];
    }),
  );
}

/** The first circle of value imports, as the files along it. */
function circle(sources: Sources): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (state.get(path) === 'done' || !(path in sources)) return undefined;
    trail.push(path);
    if (state.get(path) === 'open') return trail.slice(trail.indexOf(path));
    state.set(path, 'open');
    for (const each of importsOf(path, sources[path]!)) {
      if (each.typeOnly || !each.to.startsWith('.')) continue;
      const found = visit(resolved(each));
      if (found) return found;
    }
    state.set(path, 'done');
    trail.pop();
    return undefined;
  };
  for (const path of Object.keys(sources)) {
    const found = visit(path);
    if (found) return found;
  }
  return undefined;
}
