/**
 * Ctrl-C. Long work that keeps checkpoints gets an AbortSignal: the first Ctrl-C asks it to stop at the next checkpoint,
 * the second stops at once. Everything else stops at the first one: files are written whole or not at all.
 */
import { ColeError } from '../base/index.js';
import { log } from './output.js';

let controller: AbortController | undefined;

/** Signal that the first Ctrl-C (or a polite kill) aborts. */
export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal;
  const created = new AbortController();
  controller = created;
  const stop = (name: NodeJS.Signals) => {
    if (created.signal.aborted) process.exit(name === 'SIGTERM' ? 143 : 130);
    log.info('stopping at the next checkpoint; once more stops at once');
    created.abort(new ColeError('ERR_INTERRUPTED', 'stopped; the same command goes on from the last checkpoint'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return created.signal;
}
