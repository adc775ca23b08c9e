/**
 * One trial: ask, evaluate, tell, until the budget is used up. It keeps nothing itself; every batch goes to `onBatch`,
 * and a trial that was cut off goes on from the batches that were kept.
 */
import type { Objective } from '../objectives/index.js';
import type { Space } from '../spaces/index.js';
import type { Stopwatch } from './stopwatch.js';
import type { RefitEvent, Strategy } from './types.js';

/** What one round of ask and tell brought; plain data. */
export interface TrialBatch {
  /** Number of the first result, from 1. */
  readonly first: number;
  readonly results: readonly { readonly arch: string; readonly metrics: Readonly<Record<string, number>> }[];
  /** Architectures without a value: not in the table, invalid, or failed. */
  readonly misses: readonly string[];
  readonly refit?: RefitEvent;
  /** Seconds since the batch before, by stage. */
  readonly seconds: Readonly<Record<string, number>>;
}

export interface TrialParts<Arch> {
  readonly space: Space<Arch>;
  readonly strategy: Strategy<Arch>;
  readonly objective: Objective;
  /** Metric that is maximised. */
  readonly metric: string;
  /** Results, misses not counted. */
  readonly budget: number;
  /** Architectures per `ask`. */
  readonly batch: number;
  /** Batches of this trial that are already done. */
  readonly history: readonly TrialBatch[];
  readonly stopwatch: Stopwatch;
  /** The last refit since it was called before, if any. */
  readonly takeRefit?: () => RefitEvent | undefined;
  readonly onBatch: (batch: TrialBatch) => void;
}

/** Why a trial ended: its budget, the end of the space, or a table that has next to nothing of the space. */
export type TrialEnd = 'budget' | 'space' | 'misses';

/** Rounds without any result after which a table is taken to hold nothing more. */
const fruitlessRounds = 1000;

export async function runTrial<Arch>(parts: TrialParts<Arch>): Promise<TrialEnd> {
  const { space, strategy, objective, metric, budget, stopwatch } = parts;
  const tell = (batch: Pick<TrialBatch, 'results' | 'misses'>) =>
    strategy.tell(
      batch.results.map(({ arch, metrics }) => ({ arch: space.parse(arch), value: metrics[metric]! })),
      batch.misses.map((arch) => space.parse(arch)),
    );
  let done = 0;
  let fruitless = 0;
  for (const batch of parts.history) {
    tell(batch);
    done += batch.results.length;
    fruitless = batch.results.length === 0 ? fruitless + 1 : 0;
  }
  while (done < budget) {
    if (fruitless === fruitlessRounds) return 'misses';
    const asked = (await strategy.ask(Math.min(parts.batch, budget - done))).map((arch) => space.print(arch));
    if (asked.length === 0) return 'space';
    const outcomes = await stopwatch.measure('objective', () => objective.evaluate(asked));
    const refit = parts.takeRefit?.();
    const told = {
      results: outcomes.flatMap((outcome, i) =>
        outcome.status === 'ok' ? [{ arch: asked[i]!, metrics: outcome.metrics }] : [],
      ),
      misses: asked.filter((_, i) => outcomes[i]!.status !== 'ok'),
    };
    tell(told);
    parts.onBatch({ first: done + 1, ...told, ...(refit && { refit }), seconds: stopwatch.lap() });
    done += told.results.length;
    fruitless = told.results.length === 0 ? fruitless + 1 : 0;
  }
  return 'budget';
}
