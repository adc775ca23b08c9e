import { ColeError } from '../base/index.js';

/** For what apache-arrow makes of other bytes, which is often an error about its own insides. `what` names the file. */
export function noArrowFile(what: string, cause: unknown): ColeError {
  return new ColeError(
    'ERR_DATA',
    `expected an Arrow IPC file ${what}, but it is of another kind, damaged or cut short`,
    {
      cause,
    },
  );
}
