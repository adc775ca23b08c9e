/**
 * Imports a ready ONNX file: its large weights go into our weight file, the rest is kept as a skeleton, around which a graph
 * of ours is put when it is opened. What it is and how long its texts may be, config.json beside it says.
 */
import { createHash } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { ColeError, writeAtomic, writeFileAtomic } from '../../base/index.js';
import type { ConfigReader } from '../families/fields.js';
import type { ModelConfig } from '../families/model.js';
import { derivedInputs } from '../families/ready.js';
import { readExactly } from '../formats/read.js';
import { type ForeignTensor, type ForeignValue, type SplitGraph, splitOnnx } from '../onnx/split.js';
import { loadRuntime } from '../runtime.js';
import { graphBytes, WeightFile, weightsName } from './convert.js';

export const skeletonName = 'skeleton.onnx';
const elementTypes = { float32: 1, int64: 7 };
/** Initializers of older files are inputs too. */
const oldestIr = 4;

export interface ReadyModel {
  readonly config: ModelConfig;
  /** Files of weights beside the graph. */
  readonly dataPaths: readonly string[];
  /** Writes skeleton and weights into `folder`. */
  convert(folder: string): Promise<{ config: ModelConfig; bytes: number; sha256: string }>;
}

/** Folder of config.json and tokenizer.json: that of the file, or the one above, as exporters lay them out. */
export async function folderOf(path: string): Promise<string> {
  const own = dirname(resolve(path));
  for (const folder of [own, dirname(own)])
    if (await stat(join(folder, 'config.json')).catch(() => undefined)) return folder;
  throw new ColeError('ERR_MODEL', `expected config.json and tokenizer.json beside ${path}, got no config.json`);
}

export async function openReady(path: string, description: ConfigReader): Promise<ReadyModel> {
  const file = await open(path);
  let bytes: Uint8Array;
  try {
    bytes = await readExactly(file, 0, (await file.stat()).size, path);
  } finally {
    await file.close();
  }
  const graph = splitOnnx(bytes, path);
  const config = configOf(graph, description, path);
  const data = graph.tensors.flatMap(({ name, content }) =>
    content instanceof Uint8Array ? [] : [dataPath(name, content.file, path)],
  );
  for (const each of new Set(data))
    if (!(await stat(each).catch(() => undefined)))
      throw new ColeError('ERR_DATA', `expected the weights of ${path} in ${each}, got no such file`);
  return { config, dataPaths: [...new Set(data)], convert: (folder) => convert(graph, config, path, folder) };
}

async function convert(graph: SplitGraph, config: ModelConfig, path: string, folder: string) {
  const places: { offset: number; bytes: number }[] = [];
  let written = { bytes: 0, sha256: '' };
  await writeAtomic(join(folder, weightsName), async (out) => {
    const weights = new WeightFile(out);
    for (const tensor of graph.tensors) {
      const content = await contentOf(tensor, path);
      refuseNaN(tensor, content, path);
      places.push({ offset: await weights.append(content), bytes: content.length });
    }
    written = weights.finish();
  });
  const skeleton = graph.skeleton(weightsName, places);
  await writeFileAtomic(join(folder, skeletonName), skeleton);
  const sha256 = createHash('sha256').update(skeleton).digest('hex');
  const made = { ...config, ready: { ...config.ready!, sha256 } };
  await tryOut(made, skeleton, folder);
  return { config: made, ...written };
}

/** The runtime loads the graph and answers two tokens: what it does not know is said now. */
async function tryOut(config: ModelConfig, skeleton: Uint8Array, folder: string): Promise<void> {
  const path = join(folder, 'trial.onnx');
  const options = { outputs: ['mean', 'last_token'], embeddingLayer: true };
  await writeFileAtomic(path, graphBytes(config, { file: weightsName, tensors: {} }, options, skeleton));
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(path, { executionProviders: ['cpu'], logSeverityLevel: 4 }).catch(
    failed,
  );
  try {
    const mask = new Tensor('float32', Float32Array.of(1, 1), [1, 1, 2]);
    const { mean } = await session
      .run({ input_ids: new Tensor('int64', BigInt64Array.of(0n, 0n), [1, 2]), mask })
      .catch(failed);
    if (String(mean!.dims) !== `1,${config.hidden}`)
      throw new ColeError('ERR_MODEL', `expected hidden states of ${config.hidden} values, got ${mean!.dims}`);
  } finally {
    await session.release();
    await rm(path, { force: true });
  }
}

function failed(cause: Error): never {
  throw new ColeError('ERR_MODEL', `expected an ONNX file that onnxruntime runs, but ${cause.message}`, { cause });
}

function dataPath(name: string, file: string, path: string): string {
  const folder = dirname(resolve(path));
  const from = resolve(folder, file);
  if (from.startsWith(folder + sep)) return from;
  throw new ColeError('ERR_DATA', `expected the weights of ${name} beside ${path}, got ${file}`);
}

async function contentOf({ name, content }: ForeignTensor, path: string): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  const from = dataPath(name, content.file, path);
  const file = await open(from);
  try {
    return await readExactly(file, content.offset, content.bytes ?? (await file.stat()).size - content.offset, from);
  } finally {
    await file.close();
  }
}

function refuseNaN({ name, type }: ForeignTensor, content: Uint8Array, path: string): void {
  if (type !== elementTypes.float32) return;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  // Infinities are at home in masks.
  for (let at = 0; at + 4 <= content.length; at += 4)
    if (Number.isNaN(view.getFloat32(at, true)))
      throw new ColeError('ERR_DATA', `expected numbers in weight ${name} of ${path}, got NaN at ${at / 4}`);
}

function configOf(
  { irVersion, inputs, outputs, operators }: SplitGraph,
  description: ConfigReader,
  path: string,
): ModelConfig {
  const wrong = (expected: string, got: string) =>
    new ColeError('ERR_MODEL', `expected ${expected} in ${basename(path)}, got ${got}`);
  if (operators.has('DynamicQuantizeLinear'))
    throw wrong(
      'activations in floating point',
      'DynamicQuantizeLinear, which scales them by tensor: a vector would depend on what shares its batch',
    );
  if (irVersion < oldestIr) throw wrong(`IR version ${oldestIr} or newer`, String(irVersion));
  if (!inputs.some(({ name }) => name === 'input_ids'))
    throw wrong('an input input_ids', inputs.map(({ name }) => name).join(', ') || 'none');
  for (const { name, type } of inputs) {
    if (name !== 'input_ids' && !derivedInputs.includes(name))
      throw wrong(`inputs input_ids, ${derivedInputs.join(', ')} and no other`, name);
    if (type !== elementTypes.int64) throw wrong(`int64 for input ${name}`, `element type ${type}`);
  }
  const { states, isStacked } = statesOf(outputs);
  const first = outputs.find(({ name }) => name === states[0]);
  if (!first)
    throw wrong('an output last_hidden_state or hidden_states', outputs.map(({ name }) => name).join(', ') || 'none');
  if (first.type !== elementTypes.float32)
    throw wrong(`float32 for output ${first.name}`, `element type ${first.type}`);
  const hidden = first.shape.at(-1) ?? description.number('hidden_size');
  // RoBERTa's positions begin behind its padding index.
  const skipped = /roberta|camembert/.test(String(description.get('model_type'))) ? 2 : 0;
  const layers = isStacked ? first.shape[0]! - 1 : states.length > 1 ? states.length - 1 : 1;
  return {
    family: 'onnx',
    layers,
    hidden,
    heads: 1,
    kvHeads: 1,
    intermediate: hidden,
    epsilon: 1,
    vocabulary: description.number('vocab_size'),
    positions: (description.optional('max_position_embeddings') ?? description.number('n_positions')) - skipped,
    ropeTheta: 0,
    ready: {
      sha256: '',
      inputs: inputs.map(({ name }) => name).filter((name) => name !== 'input_ids'),
      states,
      isStacked,
    },
  };
}

/** All layers where they are there, as one output each (`hidden_states.0`, ...) or stacked in one; else the last. */
function statesOf(outputs: readonly ForeignValue[]): { states: readonly string[]; isStacked: boolean } {
  const layers = outputs.flatMap(({ name }) => {
    const index = /^hidden_states[._](\d+)$/.exec(name)?.[1];
    return index === undefined ? [] : [{ name, index: Number(index) }];
  });
  layers.sort((a, b) => a.index - b.index);
  const last = outputs.find(({ name }) => name === 'last_hidden_state')?.name;
  if (layers.length > 1 && layers.every(({ index }, i) => index === i)) {
    const names = layers.map(({ name }) => name);
    return { states: last === undefined ? names : [...names.slice(0, -1), last], isStacked: false };
  }
  const stacked = outputs.find(({ name }) => name === 'hidden_states');
  if (stacked?.shape.length === 4 && stacked.shape[0] !== undefined)
    return { states: ['hidden_states'], isStacked: true };
  return { states: [last ?? 'hidden_states'], isStacked: false };
}
