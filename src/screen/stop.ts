import { ColeError } from '../base/index.js';

/** Throws ERR_INTERRUPTED where `stop`, which lies in shared memory, has been set; see `ScorerSetup`. */
export function requireGoingOn(stop: Int32Array): void {
  if (Atomics.load(stop, 0) !== 0) throw new ColeError('ERR_INTERRUPTED', 'the screen was interrupted');
}
