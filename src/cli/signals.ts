/**
 * Ctrl-C. Long work that keeps checkpoints gets an AbortSignal: the first Ctrl-C asks it to stop at the next checkpoint,
 * the second stops at once. Everything else stops at the first one: files are written whole or not at all.
 */
import { ColeError } from '../base/index.js';
import { commandLine } from './context.js';
import { log } from './output.js';
import { clearProgress } from './progress.js';

let controller: AbortController | undefined;

/** Signal that the first Ctrl-C (or a polite kill) aborts. */
export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal;
  const created = new AbortController();
  controller = created;
  const stop = (name: NodeJS.Signals) => {
    if (created.signal.aborted) return endBy(name);
    log.info(`stopping at the next checkpoint; once more stops at once. To go on from there:\n  ${commandLine()}`);
    created.abort(new ColeError('ERR_INTERRUPTED', 'stopped; the same command goes on from the last checkpoint'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return created.signal;
}

/**
 * Ends the process as the signal does where nobody listens: exit code 130 or 143 for a shell. An ordinary exit would first
 * end the threads, and a thread that is ended inside the language model aborts the process with a message and a core file.
 */
function endBy(name: NodeJS.Signals): void {
  clearProgress();
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}
