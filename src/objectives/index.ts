/** What is being maximised, and where its values come from. */
export { benchmarkNames, benchmarkSpace, openBenchmark } from './benchmarks.js';
export {
  CommandObjective,
  type CommandSettings,
  checkCommandSettings,
  commandDefaults,
  type Trained,
} from './command.js';
export type { Training } from './command-files.js';
export { type TableObjective, tableObjective } from './objective.js';
export { openTable } from './open.js';
export { type RawTable, Table } from './table.js';
export type { Objective, Outcome } from './types.js';
