/** manifest.json: what a run directory is the run of. Written before anything else; a directory of another run is refused. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ColeError, ioError, makeFolder, packageFile, writeFileAtomic } from '../base/index.js';
import { addonPath, native } from '../native/index.js';

export interface Manifest {
  /** Command line that repeats the run, where a command line made it. */
  readonly command: string;
  /** ISO 8601. */
  readonly started: string;
  /** Everything that decides the result, resolved. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  /** sha256 by name: table, code; `model` is the identity of the embedder, which holds the hash of the model. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly cpu: { readonly model: string; readonly cores: number; readonly isa: string };
}

export function makeManifest(
  command: string,
  options: Readonly<Record<string, unknown>>,
  hashes: Readonly<Record<string, string>>,
): Manifest {
  return {
    command,
    started: new Date().toISOString(),
    options,
    versions: versions(),
    hashes,
    cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, isa: native().info().isa },
  };
}

/** The manifest of a directory, or undefined where there is none. */
export function readManifest(directory: string): Manifest | undefined {
  return readRunFile<Manifest>(directory, 'manifest.json', ['options', 'hashes']);
}

/** An object of JSON in a run directory that has `fields`; undefined where there is none. Throws ERR_DATA for anything else. */
export function readRunFile<T>(directory: string, name: string, fields: readonly (keyof T & string)[]): T | undefined {
  const path = join(directory, name);
  if (!existsSync(path)) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected JSON in ${path}, got ${(cause as Error).message}`, { cause });
  }
  const missing = fields.find((field) => !isObject(found) || !(field in found));
  if (missing !== undefined) throw new ColeError('ERR_DATA', `expected ${missing} in ${path}, got none`);
  return found as T;
}

/** Makes the directory and writes the manifest. A folder that holds other things is refused. */
export async function startDirectory(directory: string, manifest: Manifest): Promise<void> {
  try {
    makeFolder(directory);
    const [name] = readdirSync(directory);
    if (name !== undefined)
      throw new ColeError(
        'ERR_OPTION',
        `expected a run directory or an empty one at ${directory}, got one with ${name}`,
      );
  } catch (error) {
    throw ioError(directory, error);
  }
  await writeManifest(directory, manifest);
}

export function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  return writeFileAtomic(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Throws ERR_OPTION naming the first option, or else the first of `hashes`, in which a directory differs from what is asked
 * for now. The hash of the code is for the caller to leave out: another build may well finish a run, and the journal says so.
 * `lengths` are the options in which a run may be extended, that is be asked for more than the directory has.
 */
export function requireSameRun(
  directory: string,
  found: Manifest,
  options: Readonly<Record<string, unknown>>,
  hashes: Readonly<Record<string, string>>,
  { lengths, extend }: { readonly lengths: readonly string[]; readonly extend: boolean | undefined },
): void {
  // Through JSON, as the directory's own options went.
  const asked = JSON.parse(JSON.stringify(options)) as Record<string, unknown>;
  const longer = longerOptions(found, asked, lengths);
  if (extend) for (const name of longer) asked[name] = found.options[name];
  const difference = firstDifference(found.options, asked, '');
  if (difference) {
    const [name, theirs, ours] = difference;
    const extensible = longer.includes(name) ? ', or extend the run' : '';
    throw new ColeError(
      'ERR_OPTION',
      `expected the options of the run in ${directory}, whose ${name} is ${theirs}, got ${ours}; choose another directory${extensible}`,
    );
  }
  for (const [name, hash] of Object.entries(hashes)) {
    if (found.hashes[name] !== hash)
      throw new ColeError(
        'ERR_OPTION',
        `expected the ${name} with which the run in ${directory} was started, ${found.hashes[name]}, got ${hash}; choose another directory`,
      );
  }
}

/** Those of `names` that are numbers above what the directory has. */
export function longerOptions(
  found: Manifest,
  options: Readonly<Record<string, unknown>>,
  names: readonly string[],
): string[] {
  return names.filter((name) => {
    const [before, now] = [found.options[name], options[name]];
    return typeof before === 'number' && typeof now === 'number' && now > before;
  });
}

function firstDifference(a: unknown, b: unknown, name: string): [name: string, a: string, b: string] | undefined {
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const difference = firstDifference(a[key], b[key], name ? `${name}.${key}` : key);
      if (difference) return difference;
    }
    return undefined;
  }
  const [left, right] = [JSON.stringify(a) ?? 'absent', JSON.stringify(b) ?? 'absent'];
  return left === right ? undefined : [name, left, right];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  const found: Record<string, string> = { cole: own.version, node: process.versions.node };
  const require = createRequire(packageFile('package.json'));
  for (const name of ['onnxruntime-node', 'apache-arrow']) {
    try {
      found[name] = (require(`${name}/package.json`) as { version: string }).version;
    } catch {
      // An optional peer that is not installed, or a package that hides its package.json.
    }
  }
  return found;
}

/** Rooms that only show results; a change in them leaves the course of a run as it is. */
const shown = new Set(['cli', 'report', 'bench']);

/** sha256 over the compiled code and the addon: two builds that may give other results have other hashes. */
export function codeHash(): string {
  const hash = createHash('sha256');
  const root = packageFile('dist');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split('\\').join('/'))
    .filter((path) => path.endsWith('.js') && !shown.has(path.split('/')[0]!))
    .sort();
  for (const path of files) hash.update(`${path}\n`).update(readFileSync(join(root, path)));
  native(); // An addon that is not there is named together with its remedy.
  return hash.update(readFileSync(addonPath())).digest('hex');
}
