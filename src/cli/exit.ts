/** Exit codes: 0 done, 1 the work failed, 2 wrong usage or input, 130 interrupted after a checkpoint. */
import { CommanderError } from '@commander-js/extra-typings';
import { asColeError, type ColeError } from '../base/index.js';
import { log } from './output.js';

const codes: Partial<Record<string, number>> = { ERR_OPTION: 2, ERR_INPUT: 2, ERR_LENGTH: 2, ERR_INTERRUPTED: 130 };

/** Thrown to end a command early with an exit code when all that is to be said has been said. */
export class Exit extends Error {
  constructor(readonly exitCode: number) {
    super(`exit code ${exitCode}`);
  }
}

/** Prints the error, if it was not printed yet, and gives its exit code. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Exit) return error.exitCode;
  // Commander has already printed its message; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const known = asColeError(error, 'ERR_IO');
  if (known.code === 'ERR_INTERRUPTED') log.info(known.message);
  else log.error(advised(known));
  if (process.env.COLE_DEBUG) console.error(error);
  return codes[known.code] ?? 1;
}

/** With the option that helps. */
function advised({ code, message }: ColeError): string {
  const isLong = code === 'ERR_LENGTH' && message.startsWith('expected at most');
  return isLong ? `${message}; --on-long chunk splits and --on-long truncate cuts such texts` : message;
}

/** Warnings of the library in the words of the command line. */
export function showWarnings(): void {
  // Node's own listener would print them a second time.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log.warn(name === 'ColeWarning' ? message : `${name}: ${message}`));
}

/** A reader that went away (`| head`) ends the program quietly; a full disk behind standard output does not. */
export function guardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    log.error(
      `expected to write to standard output, but ${error.code === 'ENOSPC' ? 'the disk is full' : error.message}`,
    );
    process.exit(1);
  });
  process.stderr.on('error', () => {});
}
