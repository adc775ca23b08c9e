/** Benchmarks that are part of the package, in `data/`, each with a card beside it that says how it was made. */
import { ColeError, packageFile, pickNamed } from '../base/index.js';
import { type Cell, nasBench201, operations, type Space } from '../spaces/index.js';
import { readColumns } from './open.js';
import { Table } from './table.js';

interface Benchmark {
  readonly file: string;
  readonly space: string;
  readonly description: string;
  /** Text of the architecture with the integer of column `arch_code`. */
  readonly archOfCode: (code: number) => string;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  'nas-bench-201-digits': {
    file: 'nas-bench-201-digits.arrow',
    space: nasBench201.name,
    description:
      'Accuracy in percent on 8x8 images of digits, mean of six seeds of a training of a fraction of a second; a small-budget objective, not CIFAR.',
    // Base-5 digits, one an edge in the order of the string, the first least significant.
    archOfCode: (code) =>
      nasBench201.print(
        Array.from({ length: 6 }, (_, edge) => operations[Math.floor(code / 5 ** edge) % 5]!) as unknown as Cell,
      ),
  },
};

export const benchmarkNames: readonly string[] = Object.keys(benchmarks);

/** Columns that are not to be maximised. */
const notMetrics = new Set(['arch_code', 'class_id']);

/** Throws ERR_OPTION for an unknown name, or for a space that the benchmark is not about. */
export async function openBenchmark(name: string, space: Space<unknown>): Promise<Table> {
  const { file, description, archOfCode, ...benchmark } = pickNamed('benchmark', benchmarks, name);
  if (benchmark.space !== space.name)
    throw new ColeError('ERR_OPTION', `expected space ${benchmark.space} for benchmark ${name}, got ${space.name}`);
  const { hash, columns } = await readColumns(packageFile('data', file));
  const codes = columns.get('arch_code');
  if (codes?.kind !== 'number')
    throw new ColeError('ERR_DATA', `expected a column arch_code of numbers in ${file}, got none`);
  const metrics = [...columns].flatMap(([column, { kind, values }]) =>
    kind === 'number' && !notMetrics.has(column) ? [[column, values as readonly (number | undefined)[]] as const] : [],
  );
  return new Table(
    {
      name,
      description,
      hash,
      archs: codes.values.map((code) => archOfCode(code!)),
      columns: new Map(metrics),
      rowName: (row) => `row ${row + 1}`,
    },
    space,
  );
}
