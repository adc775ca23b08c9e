/** An architecture whose value is known. Values are maximised. */
export interface Evaluation<Arch> {
  readonly arch: Arch;
  readonly value: number;
}

/** What a strategy tells about a fit of its surrogate; for reports, never for decisions. */
export interface RefitEvent {
  /** Evaluations known when the surrogate was fitted. */
  readonly evaluations: number;
  /** Kendall tau-b of its mean prediction on held-out architectures with known values, where there are any. */
  readonly tau?: number;
  readonly seconds: Readonly<Record<string, number>>;
}

/**
 * Decides what to try next. No I/O inside. What `ask` returns is a pure function of seed and of all that was told, so a
 * run that was cut off continues as if it had not been once its history is told again.
 */
export interface Strategy<Arch> {
  readonly name: string;
  /** n distinct architectures that were neither asked before nor told (fewer where the space has no more). */
  ask(n: number): Promise<Arch[]>;
  /** Results of asked architectures, or of any others (a warm start). A miss is told as such: never asked again, never trained on. */
  tell(results: readonly Evaluation<Arch>[], misses?: readonly Arch[]): void;
}
