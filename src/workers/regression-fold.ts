/**
 * Worker entry: fits one method to subsamples of one split and judges each fit on the fold. What decides the result is in
 * the task; vectors lie in shared memory, one row for every architecture that takes part.
 */
import { type Matrix, matrix, row } from '../base/index.js';
import { renderer } from '../code/index.js';
import { createFeatures, type FeatureSet, type Scaling } from '../features/index.js';
import { type Space, space as spaceOf } from '../spaces/index.js';
import { createSurrogate, type SurrogateOptions } from '../surrogate/index.js';
import { answering } from './reply.js';

/** [archs, dimension] on a SharedArrayBuffer. */
export interface SharedRows {
  readonly data: Float32Array;
  readonly dimension: number;
}

export interface RegressionFoldTask {
  /** Tasks with the same key have the same architectures, features and rows. */
  readonly key: string;
  readonly space: string;
  /** Printed, those that take part; the same array of a study for all of its tasks. */
  readonly archs: readonly string[];
  /** Value of each. */
  readonly values: Float64Array;
  /** As in `createFeatures`; null where the shared rows themselves are the features. */
  readonly features: {
    readonly spec: string;
    readonly style: string;
    readonly scaling: Scaling | null;
    readonly codeScaling?: Scaling;
  } | null;
  /** Vectors of the texts of `archs`, or the features. */
  readonly rows: SharedRows | null;
  readonly surrogate: SurrogateOptions;
  readonly test: readonly number[];
  readonly fits: readonly { readonly train: readonly number[]; readonly seed: number }[];
}

export interface FoldPredictions {
  /** Of the rows of `test`, in their order. */
  readonly mean: Float64Array;
  readonly std: Float64Array;
  /** Seconds of making features and of fitting the head. */
  readonly seconds: number;
}

/** Parsed and rendered once for the tasks of a method that follow each other. */
let kept: { readonly key: string; readonly features: FeatureSet<number> } | undefined;

export default answering(async (task: RegressionFoldTask): Promise<FoldPredictions[]> => {
  if (kept?.key !== task.key) kept = { key: task.key, features: featuresOf(task) };
  const { features } = kept;
  const surrogate = createSurrogate(task.surrogate);
  const results: FoldPredictions[] = [];
  for (const { train, seed } of task.fits) {
    const start = performance.now();
    const fitted = await features.fit(train);
    const y = Float64Array.from(train, (index) => task.values[index]!);
    const head = surrogate.fit(await fitted.transform(train), y, seed);
    const seconds = (performance.now() - start) / 1000;
    const { mean, std } = head.predict(await fitted.transform(task.test));
    results.push({ mean, std, seconds });
  }
  return results;
});

/** Feature sets over positions in `archs`. */
function featuresOf(task: RegressionFoldTask): FeatureSet<number> {
  const { features, rows } = task;
  if (features === null) {
    const transform = async (indices: readonly number[]) => pick(rows!, indices);
    return { name: 'embeddings', fit: async () => ({ columns: rows!.dimension, transform }) };
  }
  const space = spaceOf(task.space);
  const archs = task.archs.map((arch) => space.parse(arch));
  const { spec, ...context } = features;
  const set = createFeatures(spec, {
    space,
    ...context,
    scaling: features.scaling ?? undefined,
    ...(rows && { textEmbedder: embedderOf(space, archs, features.style, rows) }),
  });
  const at = (indices: readonly number[]) => indices.map((index) => archs[index]!);
  return {
    name: set.name,
    fit: async (train) => {
      const { columns, transform } = await set.fit(at(train));
      return { columns, transform: (indices) => transform(at(indices)) };
    },
  };
}

function embedderOf(space: Space<unknown>, archs: readonly unknown[], style: string, rows: SharedRows) {
  const { render } = renderer(space.name, style);
  const rowOf = new Map(archs.map((arch, index) => [render(arch), index]));
  return {
    dimension: rows.dimension,
    embed: async (texts: readonly string[]) =>
      pick(
        rows,
        texts.map((text) => rowOf.get(text)!),
      ),
  };
}

function pick({ data, dimension }: SharedRows, indices: readonly number[]): Matrix {
  const from = matrix(data.length / dimension, dimension, data as Float32Array<ArrayBuffer>);
  const out = matrix(indices.length, dimension);
  indices.forEach((index, i) => {
    out.data.set(row(from, index), i * dimension);
  });
  return out;
}
