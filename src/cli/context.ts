/** What every command gets beside its own options. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { ColeError } from '../base/index.js';

export interface Context {
  readonly json: boolean;
  readonly seed: number;
  /** Absent: the budget of cores decides. */
  readonly threads?: number;
  readonly workers?: number;
}

export function contextOf(command: CommandUnknownOpts): Context {
  const { json, seed, threads, workers } = command.optsWithGlobals() as {
    json?: boolean;
    seed: number;
    threads?: number;
    workers?: number;
  };
  return {
    json: json === true,
    seed,
    ...(threads === undefined ? {} : { threads }),
    ...(workers === undefined ? {} : { workers }),
  };
}

/** An option that has to be set by a flag, the environment or the configuration file. */
export function required<T>(value: T | undefined, flag: string): T {
  if (value === undefined) throw new ColeError('ERR_OPTION', `expected ${flag}, which has no default`);
  return value;
}

/** `--out`, or a directory named after all options: a run that is to be extended was named after others. */
export function runDirectory(options: { readonly out?: string; readonly extend?: boolean }, named: string): string {
  if (options.extend && options.out === undefined)
    throw new ColeError('ERR_OPTION', 'expected the directory of the run as --out beside --extend, got none');
  return options.out ?? named;
}

/** The values that are set. */
export function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Help text that comes before the usage. */
export function examples(...lines: string[]): string {
  return `Examples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** The command line as it was typed, quoted so that a shell reads it again. */
export function commandLine(): string {
  const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
  return ['cole', ...process.argv.slice(2).map(quote)].join(' ');
}
