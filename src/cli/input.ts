/** Reads what users hand over: architectures or texts, one a line or as JSON lines, from a file or from standard input. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ColeError } from '../base/index.js';
import type { Space } from '../index.js';
import { unreadable } from './files.js';
import { log } from './output.js';

export interface Line {
  readonly text: string;
  /** `file:line`, for messages. */
  readonly where: string;
}

/** Lines that are not blank; `-` is standard input. */
export async function* readLines(source: string): AsyncGenerator<Line> {
  const input = source === '-' ? process.stdin : createReadStream(source);
  const name = source === '-' ? 'standard input' : source;
  // Nobody would know otherwise what is waited for.
  if (source === '-' && process.stdin.isTTY) log.info('reading from standard input, until Ctrl-D');
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const line of lines) {
      number++;
      // A byte order mark, as some editors put it, is no part of the first line.
      const text = number === 1 ? line.replace(/^\ufeff/, '') : line;
      if (text.trim() !== '') yield { text, where: `${name}:${number}` };
    }
  } catch (cause) {
    if (cause instanceof ColeError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw unreadable(name, cause);
  } finally {
    // Who has seen enough leaves no file open.
    if (source !== '-') input.destroy();
  }
}

/** The field of each JSON line. */
export async function* readField(
  source: string,
  field: string,
): AsyncGenerator<Line & { row: Record<string, unknown> }> {
  for await (const { text, where } of readLines(source)) {
    const row = parseObject(text, where);
    const value = row[field];
    if (typeof value !== 'string')
      throw new ColeError(
        'ERR_INPUT',
        `expected a text as ${field} at ${where}, got ${JSON.stringify(value) ?? 'nothing'}`,
      );
    yield { text: value, where, row };
  }
}

/** Printed architectures: plain lines, or JSON lines with `arch`. */
export async function* readArchs(source: string): AsyncGenerator<Line> {
  for await (const { text, where } of readLines(source)) {
    if (!text.trimStart().startsWith('{')) {
      yield { text: text.trim(), where };
      continue;
    }
    const { arch } = parseObject(text, where);
    if (typeof arch !== 'string')
      throw new ColeError('ERR_INPUT', `expected a text as arch at ${where}, got ${JSON.stringify(arch) ?? 'nothing'}`);
    yield { text: arch, where };
  }
}

/** The object that a JSON line holds. */
export function parseObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ColeError('ERR_INPUT', `expected JSON at ${where}, but ${(cause as Error).message}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ColeError('ERR_INPUT', `expected a JSON object at ${where}, got ${text.slice(0, 40)}`);
  return value as Record<string, unknown>;
}

/** Adds the place to the error of a parser. */
export function parseAt<T>(where: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof ColeError) throw new ColeError(cause.code, `${cause.message} (${where})`, { cause });
    throw cause;
  }
}

/** Reads an architecture; where it looks like one of another space, which a command without --space is easily given, says so. */
export function parseArch<Arch>(space: Pick<Space<Arch>, 'name' | 'parse'>, text: string): Arch {
  try {
    return space.parse(text);
  } catch (cause) {
    const isCell = text.startsWith('|');
    const isDerivation = /^(sequential\(|branching\(|routing\[)/.test(text);
    if (!(cause instanceof ColeError) || !(space.name.startsWith('einspace') ? isCell : isDerivation)) throw cause;
    const other = isCell ? 'nas-bench-201' : 'einspace';
    throw new ColeError(cause.code, `${cause.message}; it looks like one of ${other}: see --space`, { cause });
  }
}
