import { AsyncByteQueue } from 'apache-arrow';

/** What a writer of record batches has written so far, without waiting for more. */
export class Pieces extends AsyncByteQueue {
  take(): Uint8Array[] {
    return this._values.splice(0);
  }
}
