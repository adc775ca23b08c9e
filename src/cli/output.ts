/** Data goes to standard output, everything said about the work to standard error. */
import { once } from 'node:events';
import picocolors from 'picocolors';
import { clearProgress } from './progress.js';

const colours = picocolors.createColors(picocolors.isColorSupported && process.stderr.isTTY === true);

function say(text: string): void {
  clearProgress();
  process.stderr.write(`${text}\n`);
}

export const log = {
  info: (text: string): void => say(text),
  warn: (text: string): void => say(`${colours.yellow('warning:')} ${text}`),
  error: (text: string): void => say(`${colours.red('error:')} ${text}`),
};

/** Writes one piece of data; waits while the reader is slower than we are. */
export async function print(text: string): Promise<void> {
  await writeBytes(`${text}\n`);
}

export async function writeBytes(bytes: string | Uint8Array): Promise<void> {
  clearProgress();
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}

export function printJson(value: unknown): Promise<void> {
  return print(JSON.stringify(value));
}

/** Columns padded to their widest cell; numbers to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, j) => Math.max(...cells.map((row) => row[j]!.length)));
  const isNumber = header.map((_, j) => rows.length > 0 && rows.every((row) => typeof row[j] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, j) => (isNumber[j] ? cell.padStart(widths[j]!) : cell.padEnd(widths[j]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
