/** The one error class of cole. Messages say what was expected, for which name, and what came. */
export type ErrorCode =
  | 'ERR_OPTION' // a wrong option or argument: exit code 2
  | 'ERR_INPUT' // wrong input from the user, such as an unparsable architecture: exit code 2
  | 'ERR_SHAPE' // buffers that do not fit together
  | 'ERR_DATA' // a file whose content is wrong: cut short, wrong hash, NaN
  | 'ERR_VOCAB' // a tokenizer that cannot be loaded as it is
  | 'ERR_MODEL' // a language model that is missing or cannot be imported
  | 'ERR_ADDON' // the native addon is missing, stale or failed
  | 'ERR_LENGTH' // a text over the token limit
  | 'ERR_MEMORY'
  | 'ERR_TRAINING' // the user's training program failed again and again
  | 'ERR_IO' // the operating system refused: disk full, no permission
  | 'ERR_INTERRUPTED'; // stopped by a signal after a checkpoint: exit code 130

export class ColeError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ColeError';
    this.code = code;
  }
}

/** Errors that crossed a thread or the addon keep `code` and `message` but lose their class; this restores it. */
export function asColeError(error: unknown, fallback: ErrorCode): ColeError {
  if (error instanceof ColeError) return error;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const known = typeof code === 'string' && code.startsWith('ERR_') && /^ERR_[A-Z]+$/.test(code);
  return new ColeError(known ? (code as ErrorCode) : fallback, String(message ?? error), { cause: error });
}

/** Throws ERR_INTERRUPTED where the signal is aborted: with its own reason, or saying what was stopped and goes on later. */
export function interruptedBy(signal: AbortSignal | undefined, what: string): void {
  if (!signal?.aborted) return;
  if (signal.reason instanceof ColeError) throw signal.reason;
  throw new ColeError('ERR_INTERRUPTED', `${what}; the same command goes on from the last checkpoint`);
}
