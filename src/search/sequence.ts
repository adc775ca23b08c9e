/**
 * The endless sequence of distinct random architectures that a seed names. Random search walks along it, and every other
 * strategy takes its initial architectures from its head: runs with equal seeds start from the same ones, whatever guides
 * them afterwards.
 */
import { type Rng, stream } from '../base/index.js';
import type { Space } from '../spaces/index.js';

/** Samples in a row that may all be repetitions before the rest of the space is listed, or given up. */
const patience = 1000;

export class RandomSequence<Arch> {
  readonly #space: Space<Arch>;
  readonly #key: (arch: Arch) => string;
  readonly #seed: number;
  readonly #rng: Rng;
  readonly #archs: Arch[] = [];
  readonly #keys = new Set<string>();
  #exhausted = false;
  /** Everything before it was seen in an earlier call; what is seen stays seen. */
  #start = 0;

  constructor(space: Space<Arch>, seed: number, key: (arch: Arch) => string = (arch) => space.key(arch)) {
    this.#space = space;
    this.#key = key;
    this.#seed = seed;
    this.#rng = stream(seed, 'random-sequence');
  }

  /** The first n of the sequence that are not in `seen`, a set that only grows; fewer at the end of the space. */
  take(n: number, seen: ReadonlySet<string>): Arch[] {
    const taken: Arch[] = [];
    let leading = true;
    for (let at = this.#start; taken.length < n; at++) {
      if (at >= this.#archs.length && !this.#extend()) break;
      const arch = this.#archs[at]!;
      if (!seen.has(this.#key(arch))) {
        taken.push(arch);
        leading = false;
      } else if (leading) this.#start = at + 1;
    }
    return taken;
  }

  #extend(): boolean {
    if (this.#exhausted) return false;
    for (let tries = 0; tries < patience; tries++) {
      if (this.#add(this.#space.sample(this.#rng))) return true;
    }
    this.#exhausted = true;
    const before = this.#archs.length;
    const all = this.#space.enumerate?.() ?? [];
    for (const arch of stream(this.#seed, 'random-rest').shuffle([...all])) this.#add(arch);
    return this.#archs.length > before;
  }

  #add(arch: Arch): boolean {
    const key = this.#key(arch);
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    this.#archs.push(arch);
    return true;
  }
}
