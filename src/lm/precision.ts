/** Makes a model's weights in another precision and measures how near their vectors are to those of float32. */
import { createReadStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, packageFile, physicalCores, pickNamed, writeFileAtomic } from '../base/index.js';
import { type PlannedBatch, planBatches, wholeTexts } from './batches.js';
import { families } from './families/config.js';
import { planPrefixBatches } from './prefixes.js';
import { ModelSession } from './session.js';
import { type Reaches, reachGraph, reachOf } from './store/balance.js';
import { graphOf, inPrecision, keepGraph, type OpenedModel, openModel } from './store/open.js';
import {
  type Agreement,
  precisionManifest,
  precisionPath,
  precisions,
  type QuantizedPrecision,
  readPrecision,
} from './store/precisions.js';
import { quantizeWeights } from './store/quantize.js';
import { type ModelEntry, showModel } from './store/store.js';
import { sha256Of } from './store/wheel.js';

export interface PrecisionOptions {
  /** Keeps a precision whose vectors are too far from those of float32. Default false. */
  readonly force?: boolean;
  /** Threads of the language model. Default: all cores. */
  readonly threads?: number;
  readonly onStep?: (text: string) => void;
}

/** A precision below this median is refused. */
const leastAgreement = 0.99;
const pooling = 'avg_avg';
/** Of each group of probe texts: how far the channels of int8 reach is seen in these, agreement is measured on the others. */
const seenTexts = 8;
/** Tokens of a run; a batch of any size gives the same vectors. */
const batchTokens = 2048;

/**
 * Makes weights of `precision` beside the float32 ones of a model that is present; nothing to do where they are there and whole.
 * Agreement is measured on texts of `data/probe-texts.json`, with pooling `avg_avg`. ERR_MODEL where its median is below
 * 0.99, unless forced.
 */
export async function addPrecision(
  name: string,
  precision: QuantizedPrecision,
  { force = false, threads = physicalCores(), onStep }: PrecisionOptions = {},
): Promise<ModelEntry> {
  pickNamed('precision', precisions, precision);
  const model = await openModel(name);
  const { manifest, folder } = model;
  const known = await readPrecision(folder, manifest, precision);
  if (known && (force || known.agreement.median >= leastAgreement) && (await isWhole(join(folder, known.file), known)))
    return showModel(name);
  onStep?.(`making ${precision} weights`);
  const groups = await probeTexts();
  const seen = Object.values(groups).flatMap((texts) => texts.slice(0, seenTexts));
  const reaches = precision === 'int8' ? await reachesOf(model, seen, threads) : undefined;
  const file = `weights-${precision}.bin`;
  const {
    table: weights,
    bytes,
    sha256,
  } = await quantizeWeights(manifest.config, manifest.weights, precision, folder, file, reaches);
  const made = { weights, file, bytes, sha256 };
  onStep?.('measuring how near its vectors are to those of float32');
  const unseen = Object.entries(groups).map(([group, texts]) => [group, texts.slice(seenTexts)] as const);
  const agreement = await agreementOf(
    model,
    { ...model, precision, ...inPrecision(model, precision, made) },
    unseen,
    threads,
  );
  if (agreement.median < leastAgreement && !force) {
    await rm(join(folder, file), { force: true });
    throw new ColeError(
      'ERR_MODEL',
      `expected a median centred cosine of at least ${leastAgreement} between the vectors of ${precision} and of float32 for model ${name}, got ${agreement.median.toFixed(4)}; --force keeps it all the same`,
    );
  }
  const text = JSON.stringify(precisionManifest(manifest, { ...made, agreement }), null, 1);
  await writeFileAtomic(precisionPath(folder, precision), `${text}\n`);
  return showModel(name);
}

/** Whether the file is there with the content that it was made with; where not, making it again mends it. */
async function isWhole(path: string, { sha256 }: { readonly sha256: string }): Promise<boolean> {
  return (await sha256Of(createReadStream(path)).catch(() => undefined)) === sha256;
}

async function probeTexts(): Promise<Readonly<Record<string, readonly string[]>>> {
  const text = await readFile(packageFile('data', 'probe-texts.json'), 'utf8');
  return (JSON.parse(text) as { groups: Record<string, string[]> }).groups;
}

async function agreementOf(
  exact: OpenedModel,
  other: OpenedModel,
  groups: readonly (readonly [name: string, texts: readonly string[]])[],
  threads: number,
): Promise<Agreement> {
  const texts = groups.flatMap(([, each]) => each);
  const expected = await vectorsOf(exact, texts, threads);
  const got = await vectorsOf(other, texts, threads);
  let from = 0;
  const measured = groups.map(([group, { length }]) => {
    const cosines = centredCosines(got.slice(from, from + length), expected.slice(from, from + length));
    from += length;
    return [group, { texts: length, median: cosines[length >> 1]!, worst: cosines[0]! }] as const;
  });
  return {
    median: Math.min(...measured.map(([, { median }]) => median)),
    worst: Math.min(...measured.map(([, { worst }]) => worst)),
    groups: Object.fromEntries(measured),
  };
}

async function vectorsOf(model: OpenedModel, texts: readonly string[], threads: number): Promise<Float32Array[]> {
  const { hidden } = model.manifest.config;
  const graphPath = await graphOf(model, { outputs: [pooling], embeddingLayer: true });
  const out: Float32Array[] = [];
  await runOver(model, graphPath, [pooling], texts, threads, (batch, [rows]) => {
    batch.texts.forEach((text, at) => {
      out[text] = rows!.subarray(at * hidden, (at + 1) * hidden);
    });
  });
  return out;
}

async function reachesOf(model: OpenedModel, texts: readonly string[], threads: number): Promise<Reaches> {
  const { config, weights } = model.manifest;
  const { bytes, groups } = reachGraph(config, weights);
  const reaches = new Map<string, Float32Array>();
  if (groups.length === 0) return reaches;
  const graphPath = await keepGraph(model.folder, 'reach-', bytes);
  await runOver(model, graphPath, groups.map(reachOf), texts, threads, (_, found) => {
    groups.forEach((group, at) => {
      const before = reaches.get(group);
      const larger = before ? found[at]!.map((size, i) => Math.max(size, before[i]!)) : found[at]!;
      reaches.set(group, larger);
    });
  });
  return reaches;
}

/** `use` gets the outputs of each batch. */
async function runOver(
  { manifest, tokenizer, files }: OpenedModel,
  graphPath: string,
  outputs: readonly string[],
  texts: readonly string[],
  threads: number,
  use: (batch: PlannedBatch, outputs: readonly Float32Array[]) => void,
): Promise<void> {
  const { family, positions } = manifest.config;
  const session = new ModelSession({ graphPath, files, outputs, threads });
  try {
    const read = wholeTexts(tokenizer.encode(texts, { threads, maxTokens: positions }));
    const plan = families[family]!.sharesPrefixes ? planPrefixBatches : planBatches;
    for (const batch of plan(read, batchTokens)) use(batch, await session.run(batch.feeds()));
  } finally {
    await session.close();
  }
}

/** Cosines of rows of `a` and `b`, each with the mean of its side taken off; ascending. */
export function centredCosines(a: readonly Float32Array[], b: readonly Float32Array[]): number[] {
  const [fromA, fromB] = [centred(a), centred(b)];
  const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  const cosines = fromA.map((x, i) => {
    const y = fromB[i]!;
    // Vectors that are the mean itself agree.
    return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)) || Number(dot(x, x) === dot(y, y));
  });
  return cosines.sort((x, y) => x - y);
}

function centred(rows: readonly Float32Array[]): Float64Array[] {
  const mean = new Float64Array(rows[0]!.length);
  for (const row of rows) for (let j = 0; j < mean.length; j++) mean[j]! += row[j]! / rows.length;
  return rows.map((row) => Float64Array.from(row, (value, j) => value - mean[j]!));
}
