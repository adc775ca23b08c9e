/**
 * What `cole embed` may be given: JSON lines with `text`, architectures (plain lines or JSON lines with `arch`), or a
 * folder of `.py` files. All of it becomes texts with keys.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ColeError } from '../base/index.js';
import { type Line, parseAt, parseObject, readLines } from './input.js';

/** In the place of a renderer's identity where texts were given. */
export const givenTexts = 'given texts';

export interface KeyedText {
  readonly key: string;
  readonly text: string;
  readonly where: string;
}

export interface ReadTextsOptions {
  /** Key and text of a printed architecture. */
  readonly renderArch: (arch: string) => { key: string; text: string };
}

/** Texts in the order of the input, each key once. Throws ERR_INPUT for a key with two texts. */
export async function readTexts(source: string, options: ReadTextsOptions): Promise<KeyedText[]> {
  const seen = new Map<string, KeyedText>();
  const items = isFolder(source) ? pythonFiles(source) : keyedLines(source, options);
  for await (const item of items) {
    const known = seen.get(item.key);
    if (known && known.text !== item.text)
      throw new ColeError(
        'ERR_INPUT',
        `expected one text for key ${item.key}, got two (${known.where} and ${item.where})`,
      );
    if (!known) seen.set(item.key, item);
  }
  if (seen.size === 0)
    throw new ColeError(
      'ERR_INPUT',
      `expected texts or architectures in ${source === '-' ? 'standard input' : source}, got none`,
    );
  return [...seen.values()];
}

async function* keyedLines(source: string, { renderArch }: ReadTextsOptions): AsyncGenerator<KeyedText> {
  for await (const line of readLines(source)) {
    const { where } = line;
    const { key, arch, text } = fieldsOf(line);
    if (text !== undefined) yield { key: key ?? arch ?? where, text, where };
    else yield { ...parseAt(where, () => renderArch(arch!)), where };
  }
}

/** A plain line is an architecture. */
export function fieldsOf({ text: line, where }: Line): { key?: string; arch?: string; text?: string } {
  if (!line.trimStart().startsWith('{')) return { arch: line.trim() };
  const found = Object.entries(parseObject(line, where)).filter(([name]) => ['key', 'arch', 'text'].includes(name));
  for (const [name, value] of found)
    if (typeof value !== 'string')
      throw new ColeError('ERR_INPUT', `expected a text as ${name} at ${where}, got ${JSON.stringify(value)}`);
  const fields = Object.fromEntries(found) as { key?: string; arch?: string; text?: string };
  if (fields.text === undefined && fields.arch === undefined)
    throw new ColeError('ERR_INPUT', `expected text or arch at ${where}, got neither`);
  return fields;
}

export function isFolder(source: string): boolean {
  return source !== '-' && statSync(source, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** By path below the folder, sorted, so that the order is the same on every machine. */
export function* pythonFiles(folder: string): Generator<KeyedText> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.py'));
  for (const path of paths.map((each) => each.split('\\').join('/')).sort()) {
    const where = join(folder, path);
    yield { key: path, text: readFileSync(where, 'utf8'), where };
  }
}
