/**
 * The vectors that methods learn from. Methods that differ in pooling, scaling or head alone share a run of the language
 * model: the first of them that asks has the vectors of all made, and they stay until the last one has them.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileToEmbeddings } from '../../arrow/index.js';
import { ColeError, type OnProgress } from '../../base/index.js';
import { renderer } from '../../code/index.js';
import type { MultiEmbedder, MultiEmbedderOptions } from '../../lm/index.js';
import type { Space } from '../../spaces/index.js';
import type { SharedRows } from '../../workers/index.js';
import { warnOfLongTexts } from '../features.js';
import type { MethodPlan } from './options.js';

export interface Vectors {
  readonly rows: SharedRows;
  /** What decides them: of the embedder, or the sha256 of the file. */
  readonly identity: string;
}

export type EmbedderSettings = Pick<MultiEmbedderOptions, 'threads'> & Partial<Pick<MultiEmbedderOptions, 'cache'>>;

export class MethodVectors {
  /** Methods that are still to ask, in the order in which they will. */
  readonly #waiting: MethodPlan[];
  readonly #made = new Map<string, Vectors>();

  constructor(
    methods: readonly MethodPlan[],
    private readonly space: Space<unknown>,
    private readonly archs: readonly string[],
    private readonly settings: EmbedderSettings,
    private readonly onProgress: OnProgress | undefined,
  ) {
    this.#waiting = [...methods];
  }

  /** To be asked once for each method, in their order. Undefined where the architectures themselves are all it needs. */
  async next(): Promise<Vectors | undefined> {
    const method = this.#waiting[0]!;
    if (method.embeddings !== null) {
      this.#waiting.shift();
      return readPopulation(method.embeddings, this.space, this.archs);
    }
    if (method.embedder === null) {
      this.#waiting.shift();
      return undefined;
    }
    const key = columnKey(method);
    if (!this.#made.has(key)) await this.#make(method);
    const vectors = this.#made.get(key)!;
    this.#waiting.shift();
    if (!this.#waiting.some((later) => columnKey(later) === key)) this.#made.delete(key);
    return vectors;
  }

  async #make(method: MethodPlan): Promise<void> {
    const together = this.#waiting.filter((later) => runKey(later) === runKey(method));
    const columns = new Map(together.map((each) => [each.embedder!.pooling, columnKey(each)]));
    const embedder = await openEmbedder(together, this.settings);
    try {
      const { render } = renderer(this.space.name, method.features!.style);
      const texts = this.archs.map((arch) => render(this.space.parse(arch)));
      const distinct = [...new Set(texts)];
      const rowOf = new Map(distinct.map((text, row) => [text, row]));
      const matrices = await embedder.embed(distinct, this.onProgress);
      embedder.columns.forEach(({ pooling, identity }, at) => {
        const { data, cols } = matrices[at]!;
        const rows = sharedRows(
          texts.map((text) => rowOf.get(text)!),
          data,
          cols,
        );
        this.#made.set(columns.get(pooling)!, { rows, identity });
      });
    } finally {
      warnOfLongTexts(embedder);
      await embedder.close();
    }
  }
}

/** Throws what the embedder of any method would, such as that there is no model of the name, before the first trial. */
export async function checkEmbedders(methods: readonly MethodPlan[], settings: EmbedderSettings): Promise<void> {
  for (const key of new Set(methods.filter(({ embedder }) => embedder).map(runKey))) {
    const together = methods.filter((method) => runKey(method) === key);
    await (await openEmbedder(together, settings)).close();
  }
}

/** One for all poolings of `methods`, which read the same with the same model. */
async function openEmbedder(methods: readonly MethodPlan[], settings: EmbedderSettings): Promise<MultiEmbedder> {
  const { pooling: _, ...reading } = methods[0]!.embedder!;
  const poolings = new Set(methods.map(({ embedder }) => embedder!.pooling));
  // Loaded for those who read text only: its runtime is an optional package.
  const { createMultiEmbedder } = await import('../../lm/index.js');
  return createMultiEmbedder({ ...reading, poolings: [...poolings], ...settings });
}

/** What a run of the language model depends on. */
function runKey({ features, embedder }: MethodPlan): string {
  if (embedder === null) return '';
  const { pooling: _, ...reading } = embedder;
  return JSON.stringify([features!.style, reading]);
}

function columnKey(method: MethodPlan): string {
  return `${method.embedder?.pooling} ${runKey(method)}`;
}

/** Rows of `data` [any, dimension] in the order of `from`. */
function sharedRows(from: readonly number[], data: Float32Array, dimension: number): SharedRows {
  const shared = new Float32Array(new SharedArrayBuffer(from.length * dimension * Float32Array.BYTES_PER_ELEMENT));
  from.forEach((row, i) => {
    shared.set(data.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  });
  return { data: shared, dimension };
}

/** Rows of an embeddings file, `FILE` or `FILE#COLUMN`, which must have one for every architecture. */
async function readPopulation(source: string, space: Space<unknown>, archs: readonly string[]): Promise<Vectors> {
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
  return {
    rows: sharedRows(
      archs.map((arch) => rowOf.get(arch)!),
      rows.data,
      rows.cols,
    ),
    identity: createHash('sha256')
      .update(bytes)
      .update(column ?? '')
      .digest('hex'),
  };
}
