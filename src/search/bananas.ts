/**
 * BANANAS (White, Neiswanger, Savani, AAAI 2021): after a few random architectures, fit an ensemble to all that is known,
 * generate mutants of the best, and try those that an acquisition function likes most.
 */
import { kendallTauB, seedOf, stream } from '../base/index.js';
import type { FeatureSet, FittedFeatures } from '../features/index.js';
import type { Space } from '../spaces/index.js';
import type { FittedSurrogate, Surrogate } from '../surrogate/index.js';
import { type AcquisitionName, acquisitions } from './acquisition.js';
import { chainedMutants, distinctMutants } from './candidates.js';
import { History } from './history.js';
import { RandomSequence } from './sequence.js';
import { Stopwatch } from './stopwatch.js';
import type { Evaluation, RefitEvent, Strategy } from './types.js';

export interface BananasOptions {
  /** Random architectures before the first fit. */
  readonly initial: number;
  /** The best so many are mutated. */
  readonly parents: number;
  readonly candidates: number;
  readonly maxEdits: number;
  /** `distinct`: new architectures only; `chained`: as NASLib does it, repetitions included. */
  readonly generator: 'distinct' | 'chained';
  /** What makes two architectures the same: their text, or what they compute. */
  readonly identity: 'text' | 'canonical';
  readonly acquisition: AcquisitionName;
}

/** Architectures with known values on which the surrogate is judged after each fit; evaluated ones are left out. */
export interface HeldOut<Arch> {
  readonly archs: readonly Arch[];
  readonly values: readonly number[];
}

export interface BananasParts<Arch> {
  readonly space: Space<Arch>;
  readonly features: FeatureSet<Arch>;
  readonly surrogate: Surrogate;
  readonly seed: number;
  readonly heldOut?: HeldOut<Arch>;
  readonly onRefit?: (event: RefitEvent) => void;
  /** Books the stages `sampling`, `rendering` (all work from architecture to feature row) and `head`. */
  readonly stopwatch?: Stopwatch;
}

export class Bananas<Arch> implements Strategy<Arch> {
  readonly name = 'bananas';
  readonly #parts: BananasParts<Arch>;
  readonly #options: BananasOptions;
  readonly #history: History<Arch>;
  readonly #random: RandomSequence<Arch>;
  readonly #key: (arch: Arch) => string;
  readonly #watch: Stopwatch;
  #fitted: { count: number; features: FittedFeatures<Arch>; surrogate: FittedSurrogate } | undefined;

  constructor(parts: BananasParts<Arch>, options: BananasOptions) {
    const { space } = parts;
    this.#parts = parts;
    this.#options = options;
    this.#key = options.identity === 'text' ? (arch) => space.key(arch) : (arch) => space.canonicalKey(arch);
    this.#history = new History(this.#key);
    this.#random = new RandomSequence(space, parts.seed, this.#key);
    this.#watch = parts.stopwatch ?? new Stopwatch();
  }

  tell(results: readonly Evaluation<Arch>[], misses: readonly Arch[] = []): void {
    this.#history.tell(results, misses);
  }

  async ask(n: number): Promise<Arch[]> {
    const missing = this.#options.initial - this.#history.evaluations.length;
    if (missing > 0) {
      const initial = await this.#watch.measure('sampling', () =>
        this.#random.take(Math.min(n, missing), this.#history.seen),
      );
      if (initial.length > 0 || this.#history.evaluations.length === 0) return initial;
    }
    const { features, surrogate } = await this.#fit();
    const { told, evaluations } = this.#history;
    const candidates = await this.#watch.measure('sampling', () => this.#candidates());
    if (candidates.length === 0) return [];
    const rows = await this.#watch.measure('rendering', () => features.transform(candidates));
    return this.#watch.measure('head', () => {
      const { mean, std } = surrogate.predict(rows);
      const best = evaluations.reduce((high, { value }) => Math.max(high, value), Number.NEGATIVE_INFINITY);
      const score = acquisitions[this.#options.acquisition](
        mean,
        std,
        best,
        stream(this.#parts.seed, 'acquisition', told),
      );
      const order = stream(this.#parts.seed, 'ties', told).shuffle(candidates.map((_, i) => i));
      return order
        .sort((a, b) => score[b]! - score[a]!)
        .slice(0, n)
        .map((i) => candidates[i]!);
    });
  }

  #candidates(): Arch[] {
    const { space, seed } = this.#parts;
    const { generator, parents } = this.#options;
    const best = this.#history.best(parents).map(({ arch }) => arch);
    const rng = stream(seed, 'candidates', this.#history.told);
    if (generator === 'chained') return chainedMutants(space, best, this.#options, rng);
    return distinctMutants(space, best, this.#options, this.#history.seen, this.#key, rng);
  }

  async #fit(): Promise<{ features: FittedFeatures<Arch>; surrogate: FittedSurrogate }> {
    const { evaluations } = this.#history;
    const count = evaluations.length;
    // A step that brought misses only leaves the data as it was.
    if (this.#fitted?.count === count) return this.#fitted;
    const archs = evaluations.map(({ arch }) => arch);
    const { features, rows } = await this.#watch.measure('rendering', async () => {
      const fitted = await this.#parts.features.fit(archs);
      return { features: fitted, rows: await fitted.transform(archs) };
    });
    const values = Float64Array.from(evaluations, ({ value }) => value);
    const surrogate = await this.#watch.measure('head', () =>
      this.#parts.surrogate.fit(rows, values, seedOf(this.#parts.seed, 'fit', count)),
    );
    this.#fitted = { count, features, surrogate };
    await this.#judge(features, surrogate);
    return this.#fitted;
  }

  async #judge(features: FittedFeatures<Arch>, surrogate: FittedSurrogate): Promise<void> {
    const { heldOut, onRefit } = this.#parts;
    const evaluations = this.#history.evaluations.length;
    if (!onRefit) return;
    const rest = (heldOut?.archs ?? []).flatMap((arch, i) => (this.#history.seen.has(this.#key(arch)) ? [] : [i]));
    if (!heldOut || rest.length < 2) return onRefit({ evaluations });
    const rows = await this.#watch.measure('rendering', () => features.transform(rest.map((i) => heldOut.archs[i]!)));
    const { mean } = surrogate.predict(rows);
    const tau = kendallTauB(
      mean,
      rest.map((i) => heldOut.values[i]!),
    );
    // Undefined where all predictions are equal: a surrogate that ranks nothing.
    onRefit({ evaluations, tau: Number.isNaN(tau) ? 0 : tau });
  }
}
