import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Flags of a benchmark. A wrong one ends the process as wrong usage does everywhere: one line, exit code 2. */
export function parseFlags<T extends Options>(options: T): ReturnType<typeof parseArgs<{ options: T }>>['values'] {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`);
    return refuse(`${(error as Error).message}\nflags: ${known.join(' ')}`);
  }
}

export function refuse(message: string): never {
  console.error(`error: ${message}`);
  process.exit(2);
}
