/** What a strategy was told, in order, and which architectures it must not ask for again. */
import type { Evaluation } from './types.js';

export class History<Arch> {
  readonly evaluations: Evaluation<Arch>[] = [];
  /** Keys of everything told, misses included. */
  readonly seen = new Set<string>();
  readonly #key: (arch: Arch) => string;
  #told = 0;

  constructor(key: (arch: Arch) => string) {
    this.#key = key;
  }

  /** Results and misses so far: names the step that comes next in the keys of random streams. */
  get told(): number {
    return this.#told;
  }

  tell(results: readonly Evaluation<Arch>[], misses: readonly Arch[] = []): void {
    for (const result of results) {
      if (!Number.isFinite(result.value))
        throw new RangeError(`expected a finite value for ${this.#key(result.arch)}, got ${result.value}`);
      this.evaluations.push(result);
      this.seen.add(this.#key(result.arch));
    }
    for (const arch of misses) this.seen.add(this.#key(arch));
    this.#told += results.length + misses.length;
  }

  /** The n best, best first; among equals the one told first. */
  best(n: number): Evaluation<Arch>[] {
    return [...this.evaluations].sort((a, b) => b.value - a.value).slice(0, n);
  }
}
