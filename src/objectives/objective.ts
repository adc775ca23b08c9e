/** A table as an objective: answers at once, counts what it lacks, never looks the same architecture up twice. */
import type { Table } from './table.js';
import type { Objective, Outcome } from './types.js';

export interface TableObjective extends Objective {
  /** Distinct architectures that were asked for and are missing, or whose value is. */
  readonly misses: number;
}

/**
 * `metrics[0]` is the one that is searched on: an architecture without it is a miss. Others (a test metric) are reported
 * where the table has them. Architectures are printed forms of the space that the table was opened with.
 */
export function tableObjective(table: Table, metrics: readonly [string, ...string[]]): TableObjective {
  const lookups = metrics.map((metric) => [metric, table.metric(metric)] as const);
  const known = new Map<string, Outcome>();
  let misses = 0;
  const evaluate = (arch: string): Outcome => {
    const values = lookups.flatMap(([metric, value]) => {
      const found = value(arch);
      return found === undefined ? [] : [[metric, found] as const];
    });
    if (values[0]?.[0] === metrics[0]) return { status: 'ok', metrics: Object.fromEntries(values) };
    misses++;
    return { status: 'miss', reason: `${arch} has no ${metrics[0]} in table ${table.name}` };
  };
  return {
    name: table.name,
    metrics,
    get misses() {
      return misses;
    },
    async evaluate(archs) {
      return archs.map((arch) => {
        let outcome = known.get(arch);
        if (!outcome) {
          outcome = evaluate(arch);
          known.set(arch, outcome);
        }
        return outcome;
      });
    },
  };
}
