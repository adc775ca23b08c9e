/** Benchmarks that are part of the package, in `data/`, each with a card beside it that says how it was made. */
import { createHash } from 'node:crypto';
import type { ReadColumns } from '../arrow/index.js';
import { ColeError, packageFile, pickNamed } from '../base/index.js';
import { renderer } from '../code/index.js';
import { type Cell, einspace, einspaceDefaults, nasBench201, operations, type Space } from '../spaces/index.js';
import { readColumns } from './open.js';
import { Table } from './table.js';

interface Benchmark {
  readonly file: string;
  readonly space: string;
  /** Whether a space is the one of the benchmark but for limits on what is sampled. */
  readonly holds: (space: string) => boolean;
  readonly description: string;
  /** Architectures in the order of the rows. */
  readonly archs: (columns: ReadColumns['columns'], file: string, space: Space<unknown>) => readonly string[];
}

/** Input and task of the digits, with the limits that they were sampled under. */
const digitsSpace = einspace({
  ...einspaceDefaults,
  input: [1, 8, 8],
  task: { classes: 10 },
  limits: { ...einspaceDefaults.limits, maxNodes: 200, maxParameters: 200_000, maxElements: 16_384 },
}).name;

const benchmarks: Readonly<Record<string, Benchmark>> = {
  'nas-bench-201-digits': {
    file: 'nas-bench-201-digits.arrow',
    space: nasBench201.name,
    holds: (space) => space === nasBench201.name,
    description:
      'Accuracy in percent on 8x8 images of digits, mean of six seeds of a training of a fraction of a second; a small-budget objective, not CIFAR.',
    // Base-5 digits, one an edge in the order of the string, the first least significant.
    archs: (columns, file) =>
      numbers(columns, 'arch_code', file).map((code) =>
        nasBench201.print(
          Array.from({ length: 6 }, (_, edge) => operations[Math.floor(code / 5 ** edge) % 5]!) as unknown as Cell,
        ),
      ),
  },
  'einspace-digits': {
    file: 'einspace-digits.arrow',
    space: digitsSpace,
    holds: (space) => /^einspace:1x8x8(,max\w+=\d+)*$/.test(space),
    description:
      'Accuracy in percent on 8x8 images of digits, one seed of a training of a fraction of a second; networks sampled, and evolved from good ones.',
    archs: checkedArchs,
  },
};

export const benchmarkNames: readonly string[] = Object.keys(benchmarks);

/** Name of the space that a benchmark is about. */
export function benchmarkSpace(name: string): string {
  return pickNamed('benchmark', benchmarks, name).space;
}

/** Columns that are not to be maximised. */
const notMetrics = new Set(['arch_code', 'class_id', 'seed']);

/**
 * Throws ERR_OPTION for an unknown name, or for a space that the benchmark is not about; ERR_DATA where the code of a row is
 * not the one that was trained.
 */
export async function openBenchmark(name: string, space: Space<unknown>): Promise<Table> {
  const { file, description, archs, holds, space: own } = pickNamed('benchmark', benchmarks, name);
  if (!holds(space.name))
    throw new ColeError('ERR_OPTION', `expected space ${own} for benchmark ${name}, got ${space.name}`);
  const { hash, columns } = await readColumns(packageFile('data', file));
  const metrics = [...columns].flatMap(([column, { kind, values }]) =>
    kind === 'number' && !notMetrics.has(column) ? [[column, values as readonly (number | undefined)[]] as const] : [],
  );
  return new Table(
    {
      name,
      description,
      hash,
      archs: archs(columns, file, space),
      columns: new Map(metrics),
      rowName: (row) => `row ${row + 1}`,
    },
    space,
  );
}

function numbers(columns: ReadColumns['columns'], name: string, file: string): readonly number[] {
  const column = columns.get(name);
  if (column?.kind !== 'number')
    throw new ColeError('ERR_DATA', `expected a column ${name} of numbers in ${file}, got none`);
  return column.values as readonly number[];
}

/** Style of the code that the networks of einspace-digits were trained from. */
const trainedStyle = 'flat+head';

/** Exported for its test. The values of a row are those of a text: where today's is another, they are not the row's. */
export function checkedArchs(columns: ReadColumns['columns'], file: string, space: Space<unknown>): readonly string[] {
  const [archs, hashes] = ['arch', 'code_sha256'].map((name) => {
    const column = columns.get(name);
    if (column?.kind !== 'text')
      throw new ColeError('ERR_DATA', `expected a column ${name} of text in ${file}, got none`);
    return column.values as readonly string[];
  });
  const { render } = renderer(space.name, trainedStyle);
  archs!.forEach((arch, row) => {
    const found = createHash('sha256')
      .update(render(space.parse(arch)))
      .digest('hex');
    if (found !== hashes![row])
      throw new ColeError(
        'ERR_DATA',
        `expected code of sha256 ${hashes![row]} for row ${row + 1} of ${file}, got ${found}: its values belong to another text`,
      );
  });
  return archs!;
}
