/** Weights of fewer bits: what becomes of the numbers, every family with them, and the store that keeps them. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planBatches, wholeTexts } from '#cole/lm/batches.js';
import { configOfHuggingFace, families as kinds } from '#cole/lm/families/config.js';
import type { ModelConfig } from '#cole/lm/families/model.js';
import { openSafetensors } from '#cole/lm/formats/safetensors.js';
import { addModel, addPrecision, createEmbedder, openModel, showModel } from '#cole/lm/index.js';
import type { WeightTable } from '#cole/lm/onnx/graph.js';
import { centredCosines } from '#cole/lm/precision.js';
import { planPrefixBatches } from '#cole/lm/prefixes.js';
import { ModelSession } from '#cole/lm/session.js';
import { balanceOf, type Reaches, reachGraph, reachOf } from '#cole/lm/store/balance.js';
import { convertWeights, graphBytes } from '#cole/lm/store/convert.js';
import { quantizeWeights } from '#cole/lm/store/quantize.js';
import { distance, openRunner, runnerOf } from './graphs.js';
import { seeded } from './seeded.js';
import { tinyBert } from './tiny.js';
import { safetensors, type Tensor } from './weight-files.js';

const home = mkdtempSync(join(tmpdir(), 'cole-precision-'));
const before = process.env.COLE_HOME;
beforeAll(() => {
  process.env.COLE_HOME = home;
});
afterAll(() => {
  if (before === undefined) delete process.env.COLE_HOME;
  else process.env.COLE_HOME = before;
  rmSync(home, { recursive: true });
});

interface Golden {
  readonly config: Record<string, unknown>;
  readonly tensors: Readonly<Record<string, number[]>>;
  readonly texts: readonly { readonly ids: number[] }[];
}

const golden = join(import.meta.dirname, 'golden');
const families = readdirSync(golden).map((name) => name.replace('.json', ''));

async function convert(name: string, arrange: (name: string, tensor: Tensor) => Tensor = (_, tensor) => tensor) {
  const { config: fields, tensors, texts } = JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8')) as Golden;
  const drawn: Record<string, Tensor> = {};
  for (const [key, shape] of Object.entries(tensors)) drawn[key] = arrange(key, seeded(key, shape));
  const folder = mkdtempSync(join(home, `${name}-`));
  const path = join(folder, 'drawn.safetensors');
  writeFileSync(path, safetensors(drawn));
  const source = await openSafetensors(path);
  const config: ModelConfig = configOfHuggingFace(fields, name);
  return { config, source, folder, ids: texts.map((text) => text.ids) };
}

type Model = Awaited<ReturnType<typeof convert>>;

/** Over all texts of the model. */
async function reachesOf({ config, folder, ids }: Model, table: WeightTable): Promise<Reaches> {
  const { bytes, groups } = reachGraph(config, table);
  const path = join(folder, 'reach.onnx');
  writeFileSync(path, bytes);
  const session = new ModelSession({ graphPath: path, files: [], outputs: groups.map(reachOf), threads: 1 });
  const reaches = new Map<string, Float32Array>();
  const plan = kinds[config.family]!.sharesPrefixes ? planPrefixBatches : planBatches;
  for (const text of ids) {
    const [batch] = plan(wholeTexts({ ids: Int32Array.from(text), offsets: Int32Array.of(0, text.length) }), 1000);
    const found = await session.run(batch!.feeds());
    for (const [at, group] of groups.entries()) {
      const before = reaches.get(group);
      reaches.set(group, before ? before.map((size, i) => Math.max(size, found[at]![i]!)) : found[at]!);
    }
  }
  await session.close();
  return reaches;
}

async function quantized(model: Model, precision: 'int8' | 'int4', isBalanced = precision === 'int8') {
  const { config, source, folder } = model;
  const { table } = await convertWeights(config, source, folder);
  const reaches = isBalanced ? await reachesOf(model, table) : undefined;
  const made = await quantizeWeights(config, table, precision, folder, `${precision}.bin`, reaches);
  const path = join(folder, `${precision}.onnx`);
  writeFileSync(path, graphBytes(config, made.table, { outputs: ['avg_avg', 'last_token'], embeddingLayer: true }));
  return { ...made, runner: await runnerOf(config, path) };
}

async function compare(name: string, precision: 'int8' | 'int4', arrange?: (name: string, tensor: Tensor) => Tensor) {
  const model = await convert(name, arrange);
  const exact = await openRunner(model.config, model.source, ['avg_avg', 'last_token'], model.folder);
  const other = await quantized(model, precision);
  try {
    return {
      expected: await exact.run(model.ids, 1000),
      together: await other.runner.run(model.ids, 1000),
      alone: await other.runner.run(model.ids, 1),
    };
  } finally {
    await exact.close();
    await other.runner.close();
    await model.source.close();
  }
}

/** Rounded to 16 levels from the least to the largest of each 32 neighbours, as Q4_1 does. */
function ofFourBits(_: string, { shape, data }: Tensor): Tensor {
  const rounded = Float32Array.from(data);
  if (shape.length > 1)
    for (let from = 0; from + 32 <= data.length; from += 32) {
      const block = data.subarray(from, from + 32);
      const least = Math.min(...block);
      const step = (Math.max(...block) - least) / 15;
      block.forEach((value, i) => {
        rounded[from + i] = least + step * Math.round((value - least) / step);
      });
    }
  return { shape, data: rounded };
}

describe.each(families)('%s', (name) => {
  it('runs in int8: near float32, and the same whatever shares the batch', async () => {
    const { expected, together, alone } = await compare(name, 'int8');
    expected.forEach((vectors, text) => {
      const { avg_avg: got, last_token: last } = together[text]!;
      expect(distance(got!, alone[text]!.avg_avg!)).toBeLessThan(1e-5);
      expect(distance(last!, alone[text]!.last_token!)).toBeLessThan(1e-5);
      // Weights drawn at random carry errors further than those of a model; the real ones have their own test.
      expect(distance(got!, vectors.avg_avg!)).toBeLessThan(0.2);
      expect(distance(got!, vectors.avg_avg!)).toBeGreaterThan(1e-4);
    });
  });

  it('keeps weights in int4 that had 4 bits before', async () => {
    const { expected, together, alone } = await compare(name, 'int4', ofFourBits);
    expected.forEach((vectors, text) => {
      for (const pooling of ['avg_avg', 'last_token']) {
        expect(distance(together[text]![pooling]!, alone[text]![pooling]!)).toBeLessThan(1e-5);
        expect(distance(together[text]![pooling]!, vectors[pooling]!)).toBeLessThan(1e-4);
      }
    });
  });
});

describe('int8 with channels that are far larger than the rest', () => {
  /** Every fifth channel of a norm 30 times as large. */
  const uneven = (name: string, tensor: Tensor): Tensor =>
    /norm.weight$/i.test(name)
      ? { ...tensor, data: tensor.data.map((value, i) => (i % 5 === 2 ? 30 * value : value)) }
      : tensor;

  it.each(['llama', 'mistral', 'qwen2', 'modernbert'])(
    'is nearer to float32 in %s where their range is moved',
    async (name) => {
      const error = async (isBalanced: boolean) => {
        const model = await convert(name, uneven);
        const exact = await openRunner(model.config, model.source, ['avg_avg'], model.folder);
        const { runner } = await quantized(model, 'int8', isBalanced);
        const [expected, got] = [await exact.run(model.ids, 1000), await runner.run(model.ids, 1000)];
        await Promise.all([exact.close(), runner.close(), model.source.close()]);
        return expected.reduce((sum, { avg_avg }, text) => sum + distance(got[text]!.avg_avg!, avg_avg!), 0);
      };
      expect(await error(true)).toBeLessThan(0.6 * (await error(false)));
    },
  );

  it('moves powers of two, about 1 in the mean, and leaves channels that are nothing alone', async () => {
    const model = await convert('llama', uneven);
    const { table } = await convertWeights(model.config, model.source, model.folder);
    const reaches = new Map(await reachesOf(model, table));
    const reach = reaches.get('0.mlp.gate')!.slice();
    reach[7] = 0;
    reaches.set('0.mlp.gate', reach);
    const bytes = readFileSync(join(model.folder, table.file));
    const read = async (name: string) => {
      const { shape, offset } = table.tensors[name]!;
      return new Float32Array(bytes.buffer, bytes.byteOffset + offset, shape[0]! * shape[1]!);
    };
    const { rows, divisors, inverses } = await balanceOf(model.config, table, reaches, read);
    for (const matrix of ['0.mlp.gate', '0.mlp.up']) expect(rows.get(matrix)).toBe(divisors.get('0.mlp.norm'));
    expect(rows.get('0.mlp.down')).toBe(divisors.get('0.mlp.up'));
    for (const factors of divisors.values()) {
      const logs = [...factors].map(Math.log2);
      expect(logs.every(Number.isInteger)).toBe(true);
      expect(Math.abs(logs.reduce((a, b) => a + b, 0) / logs.length)).toBeLessThan(0.25);
    }
    expect(inverses.size).toBe(0);
    const factors = divisors.get('0.mlp.norm')!;
    expect(factors[7]).toBe(1);
    expect(factors[2]! / factors[3]!).toBeGreaterThanOrEqual(4);
    await model.source.close();
  });
});

describe('matrices', () => {
  it('int8 is within half a step of each column, int4 within half a step of each block', async () => {
    const model = await convert('llama');
    const { table } = await convertWeights(model.config, model.source, model.folder);
    const weights = readFileSync(join(model.folder, table.file));
    const name = '0.mlp.up';
    const [rows, columns] = table.tensors[name]!.shape as [number, number];
    const values = new Float32Array(weights.buffer, weights.byteOffset + table.tensors[name]!.offset, rows * columns);
    const column = (j: number) => Float32Array.from({ length: rows }, (_, i) => values[i * columns + j]!);
    const int8 = await quantizeWeights(model.config, table, 'int8', model.folder, 'int8.bin');
    const bytes = readFileSync(join(model.folder, 'int8.bin'));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(int8.sha256);
    expect(bytes.length).toBe(int8.bytes);
    const entry = int8.table.tensors[name]!;
    for (let j = 0; j < columns; j++) {
      const scale = bytes.readFloatLE(int8.table.tensors[`${name}.scales`]!.offset + 4 * j);
      expect(scale).toBeCloseTo(Math.max(...column(j).map(Math.abs)) / 127, 6);
      column(j).forEach((value, i) => {
        const back = scale * bytes.readInt8(entry.offset + i * columns + j);
        expect(Math.abs(back - value)).toBeLessThanOrEqual(scale * 0.5001);
      });
    }
    const int4 = await quantizeWeights(model.config, table, 'int4', model.folder, 'int4.bin');
    const nibbles = readFileSync(join(model.folder, 'int4.bin'));
    const at = (part: string, index: number) =>
      nibbles.readFloatLE(int4.table.tensors[`${name}${part}`]!.offset + 4 * index);
    for (let j = 0; j < columns; j++)
      column(j).forEach((value, i) => {
        const block = j * (rows / 32) + (i >> 5);
        const byte = nibbles[int4.table.tensors[name]!.offset + ((block * 32 + (i & 31)) >> 1)]!;
        const q = i & 1 ? byte >> 4 : byte & 15;
        const scale = at('.scales', block);
        expect(Math.abs(scale * (q - at('.zeros', block)) - value)).toBeLessThanOrEqual(scale * 0.501);
      });
    // A matrix of 48 rows has no whole blocks; tables of embeddings and norms stay as they are.
    for (const same of ['0.mlp.down', 'embedding', 'norm'])
      expect(int4.table.tensors[same]).toEqual(table.tensors[same]);
    await model.source.close();
  });
});

describe('the store', () => {
  it('makes a precision once, measures it, refuses it where it is too far off, and keeps it if forced', async () => {
    tinyBert(join(home, 'files'));
    await addModel(join(home, 'files'), 'tiny');
    const texts = ['conv2d ( 3 , 3 )', 'pool ( 5 )', 'skip relu'];
    await expect(createEmbedder({ model: 'tiny', precision: 'int8' })).rejects.toThrow(
      'make them with: cole models pull tiny --precision int8',
    );
    await expect(createEmbedder({ model: 'tiny', precision: 'int3' as 'int8' })).rejects.toThrow('int3');
    // 16 levels are too few for these weights.
    await expect(addPrecision('tiny', 'int4')).rejects.toThrow(
      /expected a median centred cosine of at least 0.99 .*--force/,
    );
    const { folder } = await showModel('tiny');
    expect(readdirSync(folder).filter((name) => name.includes('int4') && !name.startsWith('graph'))).toEqual([]);
    const forced = await addPrecision('tiny', 'int4', { force: true });
    const measured = forced.precisions!.int4!.agreement;
    expect(measured.median).toBeLessThan(0.99);
    expect(measured.worst).toBeLessThanOrEqual(measured.median);
    expect(Object.keys(measured.groups)).toHaveLength(3);
    // What was forced before is no consent for the next one who asks.
    await expect(addPrecision('tiny', 'int4')).rejects.toThrow('--force');
    await addPrecision('tiny', 'int8', { force: true });
    const steps: string[] = [];
    const again = await addPrecision('tiny', 'int8', { force: true, onStep: (step) => steps.push(step) });
    expect(steps).toEqual([]);
    expect(again.precisions!.int8!.bytes).toBeGreaterThan(0);

    const vectors = async (precision: 'float32' | 'int8') => {
      const embedder = await createEmbedder({ model: 'tiny', precision, cache: join(home, 'cache') });
      const { data } = await embedder.embed(texts);
      await embedder.close();
      return { identity: embedder.identity, data, cached: embedder.stats.cached };
    };
    const [exact, int8, cached] = [await vectors('float32'), await vectors('int8'), await vectors('int8')];
    expect(int8.identity).not.toBe(exact.identity);
    expect([exact.cached, int8.cached, cached.cached]).toEqual([0, 0, texts.length]);
    expect(distance(int8.data, exact.data)).toBeGreaterThan(1e-4);
    expect(cached.data).toEqual(int8.data);
  });

  it('finds damage in the weights of a precision', async () => {
    tinyBert(join(home, 'files'));
    await addModel(join(home, 'files'), 'damaged');
    await addPrecision('damaged', 'int8', { force: true });
    const { folder } = await showModel('damaged');
    const path = join(folder, 'weights-int8.bin');
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    const embedder = await createEmbedder({ model: 'damaged', precision: 'int8', cache: null });
    await expect(embedder.embed(['conv'])).rejects.toThrow(
      /expected sha256 .*weights-int8.bin.*make it again: cole models pull damaged --precision int8/,
    );
    await embedder.close();
    writeFileSync(path, bytes.subarray(1));
    await expect(openModel('damaged', 'int8')).rejects.toThrow(/bytes in .*weights-int8.bin.*make it again/);
    await addPrecision('damaged', 'int8', { force: true });
    bytes[100]! ^= 1;
    expect(readFileSync(path)).toEqual(bytes);
    rmSync(path);
    await addPrecision('damaged', 'int8', { force: true });
    expect(readFileSync(path)).toEqual(bytes);
    writeFileSync(join(folder, 'int8.json'), '{');
    await expect(openModel('damaged', 'int8')).rejects.toThrow('expected JSON in');
  });
});

describe('centred cosines', () => {
  it('see what plain ones do not', () => {
    const rows = (...values: number[][]) => values.map((row) => Float32Array.from(row));
    const a = rows([1000, 1], [1000, -1]);
    expect(centredCosines(a, rows([1000, -1], [1000, 1]))).toEqual([-1, -1]);
    expect(centredCosines(a, rows([5, 3], [5, -3]))).toEqual([1, 1]);
    expect(centredCosines(a, rows([1, 2], [2, 2]))).toEqual([0, 0]);
    expect(centredCosines(rows([1, 2], [1, 2]), rows([3, 4], [3, 4]))).toEqual([1, 1]);
  });
});
