/** The chunks of a screen, in order: numbers of draws, or pieces of an input. */
import { ColeError } from '../base/index.js';
import type { ChunkSource } from './items.js';
import type { InputRow, ScreenInput, ScreenPlan } from './options.js';

/** Chunks of a sampled screen; those of an input are known when it has been read. */
export function chunkCount({ count, chunk }: ScreenPlan): number | undefined {
  return count === null ? undefined : Math.ceil(count / chunk);
}

/** Rows in the chunks of this shard, of `input` where nothing is drawn. */
export function ownRows({ count, chunk, shard }: ScreenPlan, input: number | undefined): number | undefined {
  const all = count ?? input;
  if (all === undefined) return undefined;
  const chunks = Math.ceil(all / chunk);
  const own = Math.floor((chunks - shard.index) / shard.of) + 1;
  const hasLast = (chunks - shard.index) % shard.of === 0;
  return own * chunk - (hasLast ? chunks * chunk - all : 0);
}

export async function* chunkSources(plan: ScreenPlan, input: ScreenInput | undefined): AsyncGenerator<ChunkSource> {
  if (input === undefined) {
    for (let from = 0; from < plan.count!; from += plan.chunk)
      yield { kind: 'sample', count: Math.min(plan.chunk, plan.count! - from), seed: plan.seed };
    return;
  }
  let rows: InputRow[] = [];
  for await (const row of input.rows()) {
    if (rows.length > 0 && kindOf(rows[0]!) !== kindOf(row))
      throw new ColeError('ERR_INPUT', `expected rows of one kind, got ${kindOf(rows[0]!)} and ${kindOf(row)}`);
    rows.push(row);
    if (rows.length < plan.chunk) continue;
    yield sourceOf(rows);
    rows = [];
  }
  if (rows.length > 0) yield sourceOf(rows);
}

export type RowKind = Exclude<ChunkSource['kind'], 'sample'>;

export function kindOf(row: InputRow): RowKind {
  if ('arch' in row) return 'archs';
  if ('text' in row) return 'texts';
  return 'ids' in row ? 'ids' : 'vectors';
}

/** Of the first row, and so of all. Throws ERR_INPUT where there is none. */
export async function kindOfInput(input: ScreenInput): Promise<RowKind> {
  for await (const row of input.rows()) return kindOf(row);
  throw new ColeError('ERR_INPUT', 'expected rows in the input of a screen, got none');
}

function sourceOf(rows: readonly InputRow[]): ChunkSource {
  const kind = kindOf(rows[0]!);
  const as = <Row extends InputRow>() => rows as readonly Row[];
  if (kind === 'archs') {
    const given = as<Extract<InputRow, { arch: string }>>();
    return { kind, archs: given.map(({ arch }) => arch), places: given.map(({ place }) => place) };
  }
  if (kind === 'texts') {
    const given = as<Extract<InputRow, { text: string }>>();
    return { kind, keys: given.map(({ key }) => key), texts: given.map(({ text }) => text) };
  }
  if (kind === 'ids') {
    const given = as<Extract<InputRow, { ids: Int32Array }>>();
    const offsets = new Int32Array(given.length + 1);
    given.forEach(({ ids }, at) => {
      offsets[at + 1] = offsets[at]! + ids.length;
    });
    const ids = new Int32Array(offsets.at(-1)!);
    given.forEach((row, at) => {
      ids.set(row.ids, offsets[at]!);
    });
    return { kind, keys: given.map(({ key }) => key), places: given.map(({ place }) => place), ids, offsets };
  }
  const given = as<Extract<InputRow, { vector: Float32Array }>>();
  const dimension = given[0]!.vector.length;
  const data = new Float32Array(given.length * dimension);
  given.forEach(({ key, vector }, at) => {
    if (vector.length !== dimension)
      throw new ColeError('ERR_INPUT', `expected ${dimension} values for ${key}, as before, got ${vector.length}`);
    data.set(vector, at * dimension);
  });
  return { kind, keys: given.map(({ key }) => key), data };
}
