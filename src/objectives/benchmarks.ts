/** Benchmarks that are part of the package. */
import { ColeError, pickNamed } from '../base/index.js';
import type { Space } from '../spaces/index.js';
import type { Table } from './table.js';

const benchmarks: Readonly<Record<string, never>> = {};

export async function openBenchmark(name: string, _space: Space<unknown>): Promise<Table> {
  pickNamed('benchmark', benchmarks, name);
  throw new ColeError('ERR_INPUT', `expected a benchmark, got ${name}`);
}
