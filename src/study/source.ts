/** Where the values of a run come from: what its summary says of it, and what makes two runs the same. */
import { createHash } from 'node:crypto';
import { space as spaceOf } from '../spaces/index.js';
import { openSource } from '../workers/index.js';
import type { SearchPlan } from './options.js';
import type { SourceFacts } from './summary.js';

/** Opens a table, which must have the metrics. */
export async function factsOf(plan: SearchPlan): Promise<SourceFacts> {
  const { source, metric, testMetric } = plan;
  if ('command' in source) {
    const { command, style } = source;
    return {
      kind: 'command',
      name: command,
      description: `Trained for this run from code of style ${style}.`,
      hash: createHash('sha256')
        .update(JSON.stringify([command, style]))
        .digest('hex'),
      metrics: testMetric === null ? [metric] : [metric, testMetric],
    };
  }
  const table = await openSource(source, spaceOf(plan.space));
  if (testMetric !== null) table.metric(testMetric);
  const { name, description, hash, metrics } = table;
  return { kind: 'table', name, description, hash, metrics, best: table.best(metric) };
}

/**
 * The options that a directory and a call must agree on. A table may be moved: its hash says whether it is the same. How many
 * trainings run at a time, how long and how often they are tried, may change from one call to the next.
 */
export function comparedOptions(plan: SearchPlan): Record<string, unknown> {
  const { source, ...rest } = plan;
  if ('command' in source) {
    const { command, serve, style } = source;
    return { ...rest, source: { command, serve, style } };
  }
  return { ...rest, source: 'path' in source ? 'file' : source };
}
