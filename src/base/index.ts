export { asColeError, ColeError, type ErrorCode, interruptedBy } from './errors.js';
export { ioError, writeAtomic, writeFileAtomic } from './files.js';
export { type Release, tryLock } from './lock.js';
export { type Matrix, matrix, row } from './matrix.js';
export { atLeast, nearest, pickNamed, resolveOptions, unknownName } from './options.js';
export { packageFile } from './package.js';
export type { OnProgress, ProgressEvent } from './progress.js';
export { type Rng, seedOf, stream } from './rng.js';
export { kendallTauB } from './statistics.js';
