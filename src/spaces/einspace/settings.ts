/**
 * What distinguishes one einspace from another: input shape, task, variant and limits. They are written into the name of
 * the space, `einspace:1x8x8,classes=10,maxParameters=200000`, so that one word carries them through every command, every
 * manifest and every embedding. `einspace` alone is the space over 3x32x32 with the default limits.
 */
import { ColeError, unknownName } from '../../base/index.js';
import type { Variant } from './grammar.js';

/** Classification into classes, or one value for each point of a target of rows x columns. */
export type Task = { readonly classes: number } | { readonly dense: readonly [number, number] };

export interface Limits {
  /** Depth from which on only computations are drawn; the root has depth 0. */
  readonly maxDepth: number;
  /** Modules and terminals, the copies of a repeated module counted. */
  readonly maxNodes: number;
  /** Parameters without the head. */
  readonly maxParameters: number;
  /** Values of any one tensor of one sample. */
  readonly maxElements: number;
  /** Draws in a row that may be thrown away before sampling gives up. */
  readonly maxAttempts: number;
}

export interface Settings {
  /** [C, H, W] of an image or [S, D] of a sequence, without the batch. */
  readonly input: readonly number[];
  readonly task: Task;
  readonly variant: Variant;
  readonly limits: Limits;
}

export const defaultSettings: Settings = {
  input: [3, 32, 32],
  task: { classes: 10 },
  variant: 'e1',
  limits: { maxDepth: 20, maxNodes: 10_000, maxParameters: 50_000_000, maxElements: 2 ** 26, maxAttempts: 10_000 },
};

/** Upper ends of the limits, for sums to stay exact in a double. */
const ceilings: Readonly<Record<keyof Limits, number>> = {
  maxDepth: 100_000,
  maxNodes: 2 ** 50,
  maxParameters: 2 ** 50,
  maxElements: 2 ** 50,
  maxAttempts: 1_000_000_000,
};

const limitNames = Object.keys(ceilings) as (keyof Limits)[];
const variants: readonly string[] = ['e1', 'e2'];
const family = 'einspace';

/** Name of the space, the same for equal settings. */
export function settingsName(settings: Settings): string {
  const { task, variant, limits } = settings;
  const parts = [];
  const shape = settings.input.join('x');
  if (shape !== defaultSettings.input.join('x')) parts.push(shape);
  if ('dense' in task) parts.push(`dense=${task.dense.join('x')}`);
  else if (task.classes !== 10) parts.push(`classes=${task.classes}`);
  if (variant !== 'e1') parts.push(`variant=${variant}`);
  for (const name of limitNames)
    if (limits[name] !== defaultSettings.limits[name]) parts.push(`${name}=${limits[name]}`);
  return parts.length === 0 ? family : `${family}:${parts.join(',')}`;
}

/** Settings from what follows `einspace:` in the name of a space. */
export function parseSettings(text: string): Settings {
  const seen = new Set<string>();
  let settings = defaultSettings;
  for (const part of text.split(',')) {
    const [key, value] = part.includes('=') ? splitOnce(part) : ['input', part];
    if (seen.has(key)) throw new ColeError('ERR_OPTION', `expected ${key} once in ${family}:${text}`);
    seen.add(key);
    settings = { ...settings, ...setting(key, value) };
    if (limitNames.includes(key as keyof Limits))
      settings = {
        ...settings,
        limits: { ...settings.limits, [key]: whole(key, value, ceilings[key as keyof Limits]) },
      };
  }
  if (seen.has('classes') && seen.has('dense'))
    throw new ColeError('ERR_OPTION', `expected classes or dense in ${family}:${text}, got both`);
  return settings;
}

function setting(key: string, value: string): Partial<Settings> {
  switch (key) {
    case 'input':
      return { input: inputShape(value) };
    case 'classes':
      return { task: { classes: whole(key, value, 1_000_000) } };
    case 'dense': {
      const [rows, columns, ...more] = value.split('x').map((side) => whole(key, side, 65_536));
      if (rows === undefined || columns === undefined || more.length > 0)
        throw new ColeError('ERR_OPTION', `expected rows x columns as dense of ${family}, such as 32x32, got ${value}`);
      return { task: { dense: [rows, columns] } };
    }
    case 'variant':
      if (!variants.includes(value)) throw unknownName(`variant of ${family}`, value, variants);
      return { variant: value as Variant };
    default:
      if (limitNames.includes(key as keyof Limits)) return {};
      throw unknownName(`setting of ${family}`, key, ['input', 'classes', 'dense', 'variant', ...limitNames]);
  }
}

function inputShape(text: string): readonly number[] {
  const sides = text.split('x').map((side) => whole('input', side, 65_536));
  if (sides.length !== 2 && sides.length !== 3)
    throw new ColeError(
      'ERR_OPTION',
      `expected channels x rows x columns or positions x width as input of ${family}, such as 3x32x32, got ${text}`,
    );
  return sides;
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf('=');
  return [part.slice(0, at), part.slice(at + 1)];
}

function whole(name: string, text: string, ceiling: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > ceiling)
    throw new ColeError(
      'ERR_OPTION',
      `expected a whole number from 1 to ${ceiling} as ${name} of ${family}, got ${text || 'nothing'}`,
    );
  return value;
}
