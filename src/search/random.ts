/** Random search without replacement: the baseline that every other strategy has to beat. */
import type { Space } from '../spaces/index.js';
import { History } from './history.js';
import { RandomSequence } from './sequence.js';
import type { Evaluation, Strategy } from './types.js';

export class RandomSearch<Arch> implements Strategy<Arch> {
  readonly name = 'random';
  readonly #history: History<Arch>;
  readonly #sequence: RandomSequence<Arch>;

  constructor(space: Space<Arch>, seed: number) {
    this.#history = new History((arch) => space.key(arch));
    this.#sequence = new RandomSequence(space, seed);
  }

  tell(results: readonly Evaluation<Arch>[], misses: readonly Arch[] = []): void {
    this.#history.tell(results, misses);
  }

  async ask(n: number): Promise<Arch[]> {
    return this.#sequence.take(n, this.#history.seen);
  }
}
