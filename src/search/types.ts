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
}

/**
 * Decides what to try next. No I/O inside. What `ask` returns is a pure function of seed and of all that was told, so a
 * run that was cut off continues as if it had not been once its history is told again; asking twice without telling in
 * between gives the same answer twice.
 */
export interface Strategy<Arch> {
  readonly name: string;
  /**
   * At most n distinct architectures, none of which was told before (presets that reproduce other libraries may repeat
   * themselves, and say so). Fewer where a phase ends; none where the space has no more.
   */
  ask(n: number): Promise<Arch[]>;
  /** Results of asked architectures, or of any others (a warm start). A miss is told as such: never asked again, never trained on. */
  tell(results: readonly Evaluation<Arch>[], misses?: readonly Arch[]): void;
}
