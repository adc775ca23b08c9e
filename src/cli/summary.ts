/** What finished searches came to, as a table for the terminal. */
import type { SearchSummary } from '../index.js';
import { formatTable } from './output.js';

/** One row a method: mean best value at some budgets, and mean evaluations to some shares of the best of the table. */
export function summaryTable(summaries: readonly SearchSummary[]): string {
  const first = summaries[0]!;
  const points = first.bestAt.map(({ evaluations }) => evaluations);
  const header = [
    'method',
    'trials',
    ...points.map((point) => `best at ${point}`),
    ...first.targets.map(({ fraction }) => `to ${formatShare(fraction)}`),
  ];
  const rows = summaries.map(({ method, trials, bestAt, targets }) => [
    method,
    `${trials.done}`,
    ...points.map((point) => bestAt.find(({ evaluations }) => evaluations === point)?.mean.toFixed(2) ?? '-'),
    // Trials that never got there count with the whole budget, so the mean is a lower bound.
    ...targets.map(({ meanOfTrials, reached }) => `${reached < 1 ? '>= ' : ''}${meanOfTrials.toFixed(1)}`),
  ]);
  const { name, metric, best } = first.objective;
  const targets = first.targets.length > 0 ? '; "to" is the mean number of evaluations until that share of it' : '';
  return `${formatTable(header, rows)}\n\n${metric} of ${name}, best ${best.toFixed(2)}${targets}`;
}

function formatShare(fraction: number): string {
  return `${Number((100 * fraction).toFixed(3))} %`;
}
