/** Progress events that long work emits; the command line prints them, a library user may listen to them. */
export interface ProgressEvent {
  /** What is being counted, such as `embed` or `search`. */
  readonly stage: string;
  readonly done: number;
  /** Absent where the end is not known. */
  readonly total?: number;
  /** Unit of `done`, such as `tokens` or `evaluations`. */
  readonly unit: string;
  readonly note?: string;
}

export type OnProgress = (event: ProgressEvent) => void;
