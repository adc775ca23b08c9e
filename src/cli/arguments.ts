/** Parsers of option values; commander prints what they throw together with the option's name. */
import { InvalidArgumentError } from '@commander-js/extra-typings';
import { parseBytes } from '../base/index.js';

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text.trim()) || value < min || value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw new InvalidArgumentError(`Expected an integer ${range}.`);
    }
    return value;
  };
}

/** Integers between commas. */
export function integers(min: number): (text: string) => number[] {
  const one = integer(min);
  return (text) => text.split(',').map(one);
}

/** 0 to 2^32 - 1: what the seeds of the addon can hold. */
export const seedNumber = integer(0, 2 ** 32 - 1);

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1))
    throw new InvalidArgumentError('Expected a number of at least 0 and below 1.');
  return value;
}

/** A size such as 2GB, as it was written. */
export function size(text: string): string {
  try {
    parseBytes(text, 'it');
  } catch {
    throw new InvalidArgumentError('Expected a size such as 500MB or 2GB.');
  }
  return text;
}
