/**
 * Local search: from the best of some random architectures, evaluate all neighbours and go to the best of them; where none
 * is better, start again from a random one. A strong baseline on small spaces (White, Nolen, Savani, UAI 2021).
 */
import { stream } from '../base/index.js';
import type { Space } from '../spaces/index.js';
import { History } from './history.js';
import { RandomSequence } from './sequence.js';
import type { Evaluation, Strategy } from './types.js';

export interface LocalOptions {
  /** Random architectures, the best of which is the first centre. */
  readonly initial: number;
}

interface Centre<Arch> {
  readonly at: Evaluation<Arch>;
  /** By key, in an order drawn for this centre. */
  readonly neighbours: ReadonlyMap<string, Arch>;
}

export class LocalSearch<Arch> implements Strategy<Arch> {
  readonly name = 'local';
  readonly #space: Space<Arch>;
  readonly #seed: number;
  readonly #options: LocalOptions;
  readonly #history: History<Arch>;
  readonly #random: RandomSequence<Arch>;
  readonly #values = new Map<string, Evaluation<Arch>>();
  /** Undefined until there is a first one, and from the end of a climb to the first result after it. */
  #centre: Centre<Arch> | undefined;

  constructor(space: Space<Arch>, seed: number, options: LocalOptions) {
    this.#space = space;
    this.#seed = seed;
    this.#options = options;
    this.#history = new History((arch) => space.key(arch));
    this.#random = new RandomSequence(space, seed);
  }

  /** One by one, so that results that come together lead where they would lead each in its turn. */
  tell(results: readonly Evaluation<Arch>[], misses: readonly Arch[] = []): void {
    for (const result of results) {
      this.#history.tell([result]);
      this.#values.set(this.#space.key(result.arch), result);
      this.#move(result);
    }
    for (const arch of misses) {
      this.#history.tell([], [arch]);
      this.#climb();
    }
  }

  async ask(n: number): Promise<Arch[]> {
    const { evaluations, seen } = this.#history;
    if (this.#centre) return this.#open(this.#centre).slice(0, n);
    const missing = this.#options.initial - evaluations.length;
    return this.#random.take(missing > 0 ? Math.min(n, missing) : 1, seen);
  }

  #move(result: Evaluation<Arch>): void {
    const { evaluations } = this.#history;
    if (!this.#centre) {
      if (evaluations.length < this.#options.initial) return;
      const isFirst = evaluations.length === this.#options.initial;
      this.#centre = this.#centreAt(isFirst ? this.#history.best(1)[0]! : result);
    } else if (result.value > this.#centre.at.value && !this.#centre.neighbours.has(this.#space.key(result.arch))) {
      // Nobody asked for it: a warm start.
      this.#centre = this.#centreAt(result);
    }
    this.#climb();
  }

  /** As far as the known neighbours lead; a centre that none of them is better than is left for a random architecture. */
  #climb(): void {
    while (this.#centre && this.#open(this.#centre).length === 0) {
      const { at, neighbours } = this.#centre;
      let best = at;
      for (const key of neighbours.keys()) {
        const known = this.#values.get(key);
        if (known && known.value > best.value) best = known;
      }
      this.#centre = best === at ? undefined : this.#centreAt(best);
    }
  }

  #centreAt(at: Evaluation<Arch>): Centre<Arch> {
    const rng = stream(this.#seed, 'local', this.#space.key(at.arch));
    const neighbours = rng.shuffle(this.#space.neighbours(at.arch));
    return { at, neighbours: new Map(neighbours.map((arch) => [this.#space.key(arch), arch])) };
  }

  /** Neighbours that nobody has told of. */
  #open({ neighbours }: Centre<Arch>): Arch[] {
    return [...neighbours].flatMap(([key, arch]) => (this.#history.seen.has(key) ? [] : [arch]));
  }
}
