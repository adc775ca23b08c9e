/**
 * Which features predict best from few known values: Kendall tau-b of a head on held-out architectures, for every given
 * kind of features at several training sizes. In a repeat all features see the same training rows (the smaller sizes are
 * prefixes of the larger) and the same test rows, so differences between features are paired.
 *
 *   node dist/bench/features.js --table T --metric M --features code,code+ngrams,path --styles nested,paths
 */
import { kendallTauB, seedOf, stream } from '#cole/base/index.js';
import {
  codeDefaults,
  createFeatures,
  type FeatureContext,
  needsEmbedder,
  type Scaling,
  setsOf,
} from '#cole/features/index.js';
import type { Embedder, Pooling } from '#cole/lm/index.js';
import { openTable } from '#cole/objectives/index.js';
import { space as spaceNamed } from '#cole/spaces/index.js';
import { createSurrogate, resolveSurrogate } from '#cole/surrogate/index.js';
import { parseFlags } from './parts/flags.js';

const flags = parseFlags({
  table: { type: 'string' },
  metric: { type: 'string' },
  space: { type: 'string', default: 'nas-bench-201' },
  features: { type: 'string', default: 'code,code+ngrams,ngrams,paths-normal,path,path-naslib,adjacency' },
  // Crossed with the features that read them.
  styles: { type: 'string', default: codeDefaults.style },
  models: { type: 'string', default: codeDefaults.model },
  poolings: { type: 'string', default: codeDefaults.pooling },
  scalings: { type: 'string', default: codeDefaults.scaling },
  sizes: { type: 'string', default: '14,55,220,879' },
  repeats: { type: 'string', default: '10' },
  test: { type: 'string', default: '1500' },
  // Architectures that take part at all; bounds what has to be embedded.
  population: { type: 'string' },
  // One architecture of each canonical class: no test row has a twin among the training rows.
  classes: { type: 'boolean', default: false },
  // The head; what is not given is as in a search.
  loss: { type: 'string' },
  members: { type: 'string' },
  components: { type: 'string' },
  seed: { type: 'string', default: '0' },
  threads: { type: 'string', default: '1' },
  cache: { type: 'string' },
  json: { type: 'boolean', default: false },
});

interface Method {
  readonly name: string;
  readonly features: string;
  readonly style?: string;
  readonly model?: string;
  readonly pooling?: Pooling;
  readonly scaling?: Scaling;
}

const list = (text: string) => text.split(',').filter((item) => item !== '');
const number = (name: 'repeats' | 'test' | 'seed' | 'threads' | 'members' | 'components') => {
  const value = Number(flags[name]);
  if (!Number.isInteger(value) || value < 0) throw new Error(`expected an integer for --${name}, got ${flags[name]}`);
  return value;
};

/** The features crossed with the settings that they read, each combination once. */
function methods(): Method[] {
  const found = new Map<string, Method>();
  for (const features of list(flags.features)) {
    const code = needsEmbedder(features);
    const text = code || setsOf(features).includes('ngrams');
    for (const style of text ? list(flags.styles) : [undefined])
      for (const model of code ? list(flags.models) : [undefined])
        for (const pooling of code ? list(flags.poolings) : [undefined])
          for (const scaling of code ? list(flags.scalings) : [undefined]) {
            const parts = { style, model, pooling, scaling };
            const given = Object.entries(parts).filter(([, value]) => value !== undefined);
            const name = [features, ...given.map(([, value]) => value)].join(' ');
            found.set(name, { name, features, ...Object.fromEntries(given) });
          }
  }
  return [...found.values()];
}

const embedders = new Map<string, Embedder>();

async function embedder(model: string, pooling: Pooling): Promise<Embedder> {
  const name = `${model} ${pooling}`;
  let found = embedders.get(name);
  if (!found) {
    // Only where it is needed: without onnxruntime the other features can still be measured.
    const { createEmbedder } = await import('#cole/lm/index.js');
    found = await createEmbedder({
      model,
      pooling,
      threads: number('threads'),
      ...(flags.cache ? { cache: flags.cache } : {}),
    });
    embedders.set(name, found);
  }
  return found;
}

const space = spaceNamed(flags.space);
if (flags.table === undefined || flags.metric === undefined) throw new Error('expected --table and --metric');
const table = await openTable(flags.table, space);
const value = table.metric(flags.metric);
const seed = number('seed');
const sizes = list(flags.sizes).map(Number);
const largest = Math.max(...sizes);
const testRows = number('test');

/** Architectures with a value, in one order for all repeats. */
function population(): unknown[] {
  const known = table.archs.filter((text) => value(text) !== undefined).map((text) => space.parse(text));
  const shuffled = stream(seed, 'features', 'population').shuffle(known);
  const distinct = flags.classes
    ? [...new Map(shuffled.map((arch) => [space.canonicalKey(arch), arch])).values()]
    : shuffled;
  const wanted = flags.population === undefined ? distinct.length : Number(flags.population);
  if (distinct.length < wanted || wanted < largest + testRows)
    throw new Error(
      `expected at least ${Math.max(wanted, largest + testRows)} architectures, got ${Math.min(wanted, distinct.length)}`,
    );
  return distinct.slice(0, wanted);
}

const everyone = population();
const target = (archs: readonly unknown[]) => Float64Array.from(archs, (arch) => value(space.print(arch))!);
const head = resolveSurrogate({
  threads: number('threads'),
  ...(flags.loss !== undefined && { loss: flags.loss as 'hinge' | 'mse' }),
  ...(flags.members !== undefined && { members: number('members') }),
  ...(flags.components !== undefined && { components: number('components') }),
});
const surrogate = createSurrogate(head);

async function measure(method: Method): Promise<{ taus: number[][]; seconds: number }> {
  const { style, scaling, model, pooling } = method;
  const context: FeatureContext<unknown> = {
    space,
    ...(style !== undefined && { style }),
    ...(scaling !== undefined && { scaling }),
    ...(model !== undefined && { textEmbedder: await embedder(model, pooling!) }),
  };
  const features = createFeatures(method.features, context);
  const taus: number[][] = sizes.map(() => []);
  const start = performance.now();
  for (let repeat = 0; repeat < number('repeats'); repeat++) {
    const shuffled = stream(seed, 'features', 'split', repeat).shuffle(everyone);
    const test = shuffled.slice(largest, largest + testRows);
    const truth = target(test);
    for (const [at, n] of sizes.entries()) {
      const train = shuffled.slice(0, n);
      const fitted = await features.fit(train);
      const fittedHead = surrogate.fit(
        await fitted.transform(train),
        target(train),
        seedOf(seed, 'features', repeat, n),
      );
      taus[at]!.push(kendallTauB(truth, fittedHead.predict(await fitted.transform(test)).mean) || 0);
    }
  }
  return { taus, seconds: (performance.now() - start) / 1000 };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const standardError = (values: readonly number[]) => {
  const m = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - m) ** 2, 0) / (values.length - 1) / values.length);
};

/** A row of a Markdown table, or a line of JSON with the value of every repeat. */
function print(method: Method, taus: readonly number[][], seconds: number): void {
  if (flags.json) {
    const { loss, components, members } = head;
    console.log(
      JSON.stringify({
        ...method,
        table: table.name,
        metric: flags.metric,
        loss,
        components,
        members,
        sizes,
        taus,
        seconds,
      }),
    );
    return;
  }
  const cells = taus.map((t) => `${mean(t).toFixed(3)} ± ${standardError(t).toFixed(3)}`);
  console.log(`| ${method.name} | ${cells.join(' | ')} | ${mean(taus.map(mean)).toFixed(3)} |`);
}

if (!flags.json) {
  console.log(`| features | ${sizes.map((n) => `n = ${n}`).join(' | ')} | mean |`);
  console.log(`|---|${sizes.map(() => '---|').join('')}---|`);
}
for (const method of methods()) {
  const { taus, seconds } = await measure(method);
  print(method, taus, seconds);
}
for (const open of embedders.values()) await open.close();
