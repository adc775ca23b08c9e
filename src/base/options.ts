/** Options are resolved once at the door: unknown names are refused, missing ones take their default. */
import { ColeError } from './errors.js';

/** `given` over `defaults`; a name that `defaults` lacks is an error that lists the known ones. */
export function resolveOptions<T extends object>(what: string, defaults: T, given: Partial<T> = {}): Readonly<T> {
  for (const name of Object.keys(given)) {
    if (!(name in defaults)) throw unknownName(`option of ${what}`, name, Object.keys(defaults));
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Object.freeze({ ...defaults, ...set });
}

/** Throws ERR_OPTION naming the option `name` where its value is no whole number from `low` on. */
export function atLeast(low: number, name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < low)
    throw new ColeError('ERR_OPTION', `expected a whole number of at least ${low} for ${name}, got ${value}`);
}

/** The error for a name that is none of `known`, with the nearest one. */
export function unknownName(what: string, name: string, known: readonly string[]): ColeError {
  const near = nearest(name, known);
  const hint = near ? `; did you mean ${near}?` : '';
  return new ColeError('ERR_OPTION', `expected one of ${known.join(', ')} as ${what}, got ${name}${hint}`);
}

export function pickNamed<T>(what: string, table: Readonly<Record<string, T>>, name: string): T {
  if (!Object.hasOwn(table, name)) throw unknownName(what, name, Object.keys(table));
  return table[name]!;
}

/** The known name within an edit distance of a third of its length, or undefined. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance <= Math.max(1, Math.ceil(candidate.length / 3))) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitute));
    }
    previous = current;
  }
  return previous[b.length]!;
}
