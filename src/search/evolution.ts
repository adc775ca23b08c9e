/**
 * Regularised evolution (Real, Aggarwal, Huang, Le, AAAI 2019): a queue of the youngest; the best of a random sample of
 * it has a child one edit away, and the oldest leaves. The population is the last `population` results, whoever asked.
 */
import { stream } from '../base/index.js';
import type { Space } from '../spaces/index.js';
import { History } from './history.js';
import { RandomSequence } from './sequence.js';
import type { Evaluation, Strategy } from './types.js';

export interface EvolutionOptions {
  /** Random architectures before the first child. NASLib takes 30 for NAS-Bench-201 and 100 in its default file. */
  readonly population: number;
  /** Uniform draws with replacement, of which the best becomes the parent. */
  readonly sample: number;
}

/** Draws of a parent and a child that may all give an architecture already seen before a random one is taken. */
const patience = 200;

export class Evolution<Arch> implements Strategy<Arch> {
  readonly name = 'evolution';
  readonly #space: Space<Arch>;
  readonly #seed: number;
  readonly #options: EvolutionOptions;
  readonly #history: History<Arch>;
  readonly #random: RandomSequence<Arch>;

  constructor(space: Space<Arch>, seed: number, options: EvolutionOptions) {
    this.#space = space;
    this.#seed = seed;
    this.#options = options;
    this.#history = new History((arch) => space.key(arch));
    this.#random = new RandomSequence(space, seed);
  }

  tell(results: readonly Evaluation<Arch>[], misses: readonly Arch[] = []): void {
    this.#history.tell(results, misses);
  }

  async ask(n: number): Promise<Arch[]> {
    const { evaluations, seen, told } = this.#history;
    const missing = this.#options.population - evaluations.length;
    if (missing > 0) {
      const initial = this.#random.take(Math.min(n, missing), seen);
      if (initial.length > 0 || evaluations.length === 0) return initial;
    }
    const population = evaluations.slice(-this.#options.population);
    const rng = stream(this.#seed, 'evolution', told);
    const children = new Map<string, Arch>();
    for (let tries = 0; children.size < n && tries < patience * n; tries++) {
      let parent = rng.pick(population);
      for (let draw = 1; draw < this.#options.sample; draw++) {
        const other = rng.pick(population);
        if (other.value > parent.value) parent = other;
      }
      const child = this.#space.mutate(parent.arch, rng);
      const key = this.#space.key(child);
      if (!seen.has(key)) children.set(key, child);
    }
    if (children.size === 0) return this.#random.take(n, seen);
    return [...children.values()];
  }
}
