/**
 * Seconds by stage. Stages nest: while an inner one runs, the outer one stands still, so that the stages add up to the
 * whole. For one line of work at a time; concurrent stages would be booked on each other.
 */
export class Stopwatch {
  readonly seconds: Record<string, number> = {};
  #stage: string;
  #since = performance.now();

  /** Time outside every stage is booked on `rest`. */
  constructor(rest = 'rest') {
    this.#stage = rest;
  }

  async measure<T>(stage: string, work: () => T | Promise<T>): Promise<T> {
    const outer = this.#enter(stage);
    try {
      return await work();
    } finally {
      this.#enter(outer);
    }
  }

  /** Moves seconds that were booked on one stage to another, where only the total was measured. */
  move(from: string, to: string, seconds: number): void {
    this.#add(from, -seconds);
    this.#add(to, seconds);
  }

  /** The seconds since the last call, by stage. */
  lap(): Record<string, number> {
    this.#enter(this.#stage);
    const lap = { ...this.seconds };
    for (const stage of Object.keys(this.seconds)) delete this.seconds[stage];
    return lap;
  }

  /** Books the time since the last switch and returns the stage that was running. */
  #enter(stage: string): string {
    const now = performance.now();
    this.#add(this.#stage, (now - this.#since) / 1000);
    this.#since = now;
    const left = this.#stage;
    this.#stage = stage;
    return left;
  }

  #add(stage: string, seconds: number): void {
    this.seconds[stage] = (this.seconds[stage] ?? 0) + seconds;
  }
}
