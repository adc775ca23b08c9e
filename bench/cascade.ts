/**
 * First stages of a cascade: how much of the truly best known architectures each keeps at which part passed on, by
 * cross-validation, and what it costs for each architecture. The features of the last stage are in the list for comparison;
 * `layer:K` is `code` by the mean of the model's layer K, whose run ends there.
 *
 *   node dist/bench/cascade.js --space einspace:1x8x8 --table T --metric M --features counts,ngrams,static,code
 */
import { kendallTauB, stream } from '#cole/base/index.js';
import { codeDefaults, codeScaling, defaultStyle, needsEmbedder, resolveReading } from '#cole/features/index.js';
import { createEmbedder, type Pooling } from '#cole/lm/index.js';
import {
  createScorer,
  dealFolds,
  heldOutScores,
  itemOf,
  placesOf,
  recallCurve,
  recallShares,
  type ScorerSetup,
  trulyBest,
} from '#cole/screen/index.js';
import { space as spaceNamed } from '#cole/spaces/index.js';
import { openSource } from '#cole/workers/index.js';
import { parseFlags } from './parts/flags.js';

const flags = parseFlags({
  space: { type: 'string', default: 'einspace:1x8x8' },
  table: { type: 'string' },
  benchmark: { type: 'string' },
  metric: { type: 'string', default: 'val_accuracy' },
  features: {
    type: 'string',
    default:
      'counts,ngrams,static,counts+static,counts+ngrams,counts+ngrams+static,layer:1,counts+layer:1,code,counts+code',
  },
  style: { type: 'string' },
  model: { type: 'string', default: codeDefaults.model },
  // Architectures that the cost is measured on.
  probe: { type: 'string', default: '512' },
  // Different deals into folds; recalls are means over them.
  repeats: { type: 'string', default: '3' },
  // Sizes of chunks of each of which 5 % are passed on, instead of 5 % of all; 8,192 draws have about 4,800 different ones.
  chunks: { type: 'string', default: '300,1200,4800' },
  threads: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
});

const space = spaceNamed(flags.space);
const style = flags.style ?? defaultStyle(space.name);
const table = await openSource(
  flags.table === undefined ? { benchmark: flags.benchmark ?? '' } : { path: flags.table },
  space,
);
const value = table.metric(flags.metric);
const archs = table.archs.filter((arch) => value(arch) !== undefined);
const values = Float64Array.from(archs, (arch) => value(arch)!);
const { model } = flags;
const threads = Number(flags.threads);
const specs = flags.features.split(',');
const texts = archs.map((arch) => itemOf(space, style, space.parse(arch)).text);
const maxTokens = 512;

const vectorsBy = new Map<Pooling, Promise<Float32Array>>();
async function embedded(pooling: Pooling): Promise<Float32Array> {
  const embedder = await createEmbedder({ model, pooling, maxTokens, onLong: 'truncate', threads });
  try {
    return (await embedder.embed(texts)).data;
  } finally {
    await embedder.close();
  }
}
/** Features as the screen names them, and the pooling of their language model. */
function planOf(spec: string): { features: string; pooling: Pooling } {
  const layer = /layer:\d+/.exec(spec)?.[0] as Pooling | undefined;
  return { features: layer ? spec.replace(layer, 'code') : spec, pooling: layer ?? codeDefaults.pooling };
}
const rng = stream('cascade bench');
const probe = Array.from({ length: Number(flags.probe) }, () => itemOf(space, style, space.sample(rng)));

const passedOn = 0.05;
const chunkSizes = flags.chunks.split(',').map(Number);
/** Rows drawn in all: they cost next to nothing. */
const drawn = 1_000_000;

/** Recall of the truly best where the first twentieth of each chunk is passed on; chunks are random rows, with replacement. */
function recallInChunks(place: Float64Array, size: number): number {
  const best = new Set(trulyBest(values));
  const rng = stream('chunks', size);
  let [there, kept] = [0, 0];
  for (let chunk = 0; chunk * size < drawn; chunk++) {
    const rows = Array.from({ length: size }, () => rng.int(place.length)).sort((a, b) => place[a]! - place[b]!);
    const passed = Math.ceil(passedOn * size);
    rows.forEach((row, at) => {
      if (!best.has(row)) return;
      there++;
      if (at < passed) kept++;
    });
  }
  return kept / there;
}

/** Of the processor, by all threads: what else the machine does shows less in it. */
const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
for (const spec of specs) {
  const { features, pooling } = planOf(spec);
  if (needsEmbedder(features) && !vectorsBy.has(pooling)) vectorsBy.set(pooling, embedded(pooling));
  const setup: ScorerSetup = {
    space: space.name,
    style,
    first: null,
    full: features,
    reading: resolveReading({ model, pooling, maxTokens, onLong: 'truncate' }),
    scaling: codeScaling(model),
    train: { archs, values },
    vectors: needsEmbedder(features) ? await vectorsBy.get(pooling)! : null,
    seed: 0,
    threads,
    stop: new Int32Array(1),
  };
  const recalls = recallShares.map(() => 0);
  const inChunks = chunkSizes.map(() => 0);
  const repeats = Number(flags.repeats);
  let tau = 0;
  let best = 0;
  const started = seconds();
  for (let seed = 0; seed < repeats; seed++) {
    const fold = dealFolds(values.length, seed);
    const scores = await heldOutScores({ ...setup, seed }, features, fold);
    tau += kendallTauB(values, scores) / repeats;
    const place = placesOf(scores, fold);
    chunkSizes.forEach((size, at) => {
      inChunks[at]! += recallInChunks(place, size) / repeats;
    });
    const curve = recallCurve(values, scores, fold, recallShares);
    best = curve.best;
    curve.points.forEach(({ recall }, at) => {
      recalls[at]! += recall / repeats;
    });
  }
  const fitSeconds = (seconds() - started) / repeats / 5;
  const scorer = await createScorer(setup);
  // The first texts bring the language model in.
  await scorer.full(probe.slice(0, 16));
  const before = seconds();
  await scorer.full(probe.slice(16));
  const each = (1e6 * (seconds() - before)) / (probe.length - 16);
  await scorer.close();
  if (flags.json)
    console.log(
      JSON.stringify({
        features: spec,
        style,
        rows: archs.length,
        best,
        shares: recallShares,
        recalls,
        inChunks: Object.fromEntries(chunkSizes.map((size, at) => [size, inChunks[at]])),
        tau,
        fitSeconds,
        microseconds: each,
      }),
    );
  else
    console.log(
      [
        spec.padEnd(24),
        `tau ${tau.toFixed(3)}`,
        ...recallShares.map((share, at) => `${100 * share}%: ${recalls[at]!.toFixed(2)}`),
        ...chunkSizes.map((size, at) => `5% of each ${size}: ${inChunks[at]!.toFixed(3)}`),
        `${Math.round(each)} us each`,
        `fit ${fitSeconds.toFixed(1)} s`,
      ].join('  '),
    );
}
