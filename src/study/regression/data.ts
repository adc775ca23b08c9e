/** What the methods of a study learn to predict: architectures with values. */
import { ColeError, stream } from '../../base/index.js';
import type { Table } from '../../objectives/index.js';
import type { Space } from '../../spaces/index.js';
import type { RegressionPlan } from './options.js';

export interface Population {
  /** Printed. */
  readonly archs: readonly string[];
  readonly values: Float64Array;
}

/** The rows of the table that take part, in one order for all methods. */
export function populationOf(plan: RegressionPlan, table: Table, space: Space<unknown>): Population {
  const value = table.metric(plan.metric);
  const known = table.archs.filter((arch) => value(arch) !== undefined);
  const shuffled = stream(plan.seed, 'regression', 'population').shuffle(known);
  const distinct =
    plan.identity === 'canonical'
      ? [...new Map(shuffled.map((arch) => [space.canonicalKey(space.parse(arch)), arch])).values()]
      : shuffled;
  const wanted = plan.population ?? distinct.length;
  if (distinct.length < wanted)
    throw new ColeError(
      'ERR_OPTION',
      `expected a population of at most ${distinct.length}, the rows of ${table.name} with ${plan.metric}, got ${wanted}`,
    );
  const archs = distinct.slice(0, wanted);
  return { archs, values: Float64Array.from(archs, (arch) => value(arch)!) };
}
