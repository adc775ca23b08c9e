/** What the methods of a study learn from: architectures with values, and the vectors that language models give them. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileToEmbeddings } from '../../arrow/index.js';
import { ColeError, type OnProgress, stream } from '../../base/index.js';
import { renderer } from '../../code/index.js';
import type { Embedder } from '../../lm/index.js';
import type { Table } from '../../objectives/index.js';
import type { Space } from '../../spaces/index.js';
import type { SharedRows } from '../../workers/index.js';
import type { MethodPlan, RegressionPlan } from './options.js';

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

export interface Vectors {
  readonly rows: SharedRows;
  /** What decides them: of the embedder, or the sha256 of the file. */
  readonly identity: string;
}

function sharedRows(rows: number, dimension: number): SharedRows {
  const data = new Float32Array(new SharedArrayBuffer(rows * dimension * Float32Array.BYTES_PER_ELEMENT));
  return { data, dimension };
}

/** Vectors of the texts of all architectures; equal texts are embedded once. */
export async function embedPopulation(
  method: MethodPlan,
  space: Space<unknown>,
  archs: readonly string[],
  embedder: Embedder,
  onProgress?: OnProgress,
): Promise<Vectors> {
  const { render } = renderer(space.name, method.features!.style);
  const texts = archs.map((arch) => render(space.parse(arch)));
  const distinct = [...new Set(texts)];
  const vectors = await embedder.embed(distinct, onProgress);
  const rowOf = new Map(distinct.map((text, row) => [text, row]));
  const shared = sharedRows(archs.length, vectors.cols);
  texts.forEach((text, i) => {
    const from = rowOf.get(text)! * vectors.cols;
    shared.data.set(vectors.data.subarray(from, from + vectors.cols), i * vectors.cols);
  });
  return { rows: shared, identity: embedder.identity };
}

/** Rows of an embeddings file, `FILE` or `FILE#COLUMN`, which must have one for every architecture. */
export async function readPopulation(
  source: string,
  space: Space<unknown>,
  archs: readonly string[],
): Promise<Vectors> {
  const [, path = source, column] = /^(.+)#([^#]+)$/.exec(source) ?? [];
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new ColeError('ERR_INPUT', `expected embeddings at ${path}, but ${(cause as Error).message}`, { cause });
  }
  const { keys, rows } = fileToEmbeddings(path, bytes, column);
  const rowOf = new Map(keys.map((key, row) => [space.print(space.parse(key)), row]));
  const missing = archs.find((arch) => !rowOf.has(arch));
  if (missing !== undefined)
    throw new ColeError(
      'ERR_INPUT',
      `expected a vector in ${path} for each of the ${archs.length} architectures that take part, got none for ${missing}`,
    );
  const shared = sharedRows(archs.length, rows.cols);
  archs.forEach((arch, i) => {
    const from = rowOf.get(arch)! * rows.cols;
    shared.data.set(rows.data.subarray(from, from + rows.cols), i * rows.cols);
  });
  return {
    rows: shared,
    identity: createHash('sha256')
      .update(bytes)
      .update(column ?? '')
      .digest('hex'),
  };
}
