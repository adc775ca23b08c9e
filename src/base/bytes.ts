/** Sizes as people write them: 2GB, 500 MB, 1.5 TB; decimal, as disks are sold. */
import { ColeError } from './errors.js';

const units: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Bytes; `name` is what the size is of, for the message. Throws ERR_OPTION. */
export function parseBytes(text: string, name: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?B)?\s*$/i.exec(text) ?? [];
  if (digits === undefined)
    throw new ColeError('ERR_OPTION', `expected a size such as 500MB or 2GB for ${name}, got ${text}`);
  return Math.floor(Number(digits) * units[(unit ?? 'B').toUpperCase()]!);
}

export function formatBytes(bytes: number): string {
  const [unit, size] = Object.entries(units).findLast(([, each]) => bytes >= each) ?? ['B', 1];
  return `${Number((bytes / size).toPrecision(3))} ${unit}`;
}
