/**
 * What a long run will take: counts over all its texts, and a short probe of the language model on the batches that the run
 * would have, for its speed and its memory.
 */
import type { PlannedBatch } from './batches.js';
import type { ModelSession } from './session.js';

export interface EmbedPlan {
  readonly texts: number;
  readonly distinct: number;
  /** Distinct texts whose vectors the cache knows. */
  readonly cached: number;
  /** Tokens of the others, and how many of them the model computes: fewer where texts share their beginnings. */
  readonly tokens: number;
  readonly computed: number;
  /** The speed of the model in the probe, in `tokens` a second; for each number of threads that was tried. */
  readonly rates: readonly { readonly threads: number; readonly tokensPerSecond: number }[];
  /** What the run will take with the first of `rates`; 0 where all is cached. */
  readonly seconds: number;
  /** Of this process at its peak, the vectors that it gives back included. */
  readonly peakBytes: number;
}

const probeSeconds = 5;
/** Batches of the probe beside the two that use most memory. */
const samples = 16;

/** Of all batches of a run those that are worth a probe, so that the others need not be kept. */
export class ProbeBatches {
  readonly #heaviest: PlannedBatch[] = [];
  #sampled: PlannedBatch[] = [];
  #step = 1;
  #seen = 0;

  add(batch: PlannedBatch): void {
    for (const [at, weight] of (['computed', 'tokens'] as const).entries())
      if (batch[weight] > (this.#heaviest[at]?.[weight] ?? 0)) this.#heaviest[at] = batch;
    if (this.#seen++ % this.#step !== 0) return;
    this.#sampled.push(batch);
    if (this.#sampled.length < 2 * samples) return;
    // Every second one goes, and from now on half as many come.
    this.#sampled = this.#sampled.filter((_, at) => at % 2 === 0);
    this.#step *= 2;
  }

  /** Those with the most to hold. */
  get heaviest(): readonly PlannedBatch[] {
    return [...new Set(this.#heaviest)];
  }

  /** Spread evenly over the run, in an order in which any beginning is spread too. */
  get spread(): readonly PlannedBatch[] {
    const order = [...this.#sampled.keys()].sort((a, b) => reversed(a) - reversed(b));
    return order.map((at) => this.#sampled[at]!);
  }
}

/** The model's speed in computed tokens a second, once it is loaded and warm. */
export async function probe(session: ModelSession, batches: ProbeBatches): Promise<number> {
  for (const batch of batches.heaviest) await session.run(batch.feeds());
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let computed = 0;
  for (const batch of batches.spread) {
    await session.run(batch.feeds());
    computed += batch.computed;
    if (seconds() > probeSeconds) break;
  }
  return computed / seconds();
}

/** The low 16 bits in reverse. */
function reversed(value: number): number {
  let out = 0;
  for (let bit = 0; bit < 16; bit++) out |= ((value >> bit) & 1) << (15 - bit);
  return out;
}

/** What is planned, one call of `embed` after the other. */
export interface PlannedCall {
  readonly cached: number;
  readonly batches: readonly PlannedBatch[];
}

/**
 * `open`: a session of so many threads; of the numbers in `threads` the first is the run's own. `vectorBytes`: of the vectors
 * that all texts get.
 */
export async function makePlan(
  texts: readonly string[],
  calls: AsyncIterable<PlannedCall>,
  threads: readonly number[],
  open: (threads: number) => ModelSession,
  vectorBytes: number,
): Promise<EmbedPlan> {
  const batches = new ProbeBatches();
  let cached = 0;
  let tokens = 0;
  let computed = 0;
  for await (const call of calls) {
    cached += call.cached;
    for (const batch of call.batches) {
      tokens += batch.tokens;
      computed += batch.computed;
      batches.add(batch);
    }
  }
  const rates: { threads: number; tokensPerSecond: number }[] = [];
  let peak = 0;
  for (const count of computed > 0 ? threads : []) {
    const session = open(count);
    try {
      rates.push({ threads: count, tokensPerSecond: ((await probe(session, batches)) * tokens) / computed });
    } finally {
      await session.close();
    }
    // Later ones leave something behind that the run will not have.
    peak ||= process.resourceUsage().maxRSS * 1024;
  }
  return {
    texts: texts.length,
    distinct: new Set(texts).size,
    cached,
    tokens,
    computed,
    rates,
    seconds: rates[0] ? tokens / rates[0].tokensPerSecond : 0,
    // What is written of the vectors is made from them before they go.
    peakBytes: (peak || process.resourceUsage().maxRSS * 1024) + 2 * vectorBytes,
  };
}
