/** What a screen found, as files: top.arrow and summary.json. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { columnsToFile, fileToColumns } from '../arrow/index.js';
import { ColeError, writeFileAtomic } from '../base/index.js';
import { readRunFile } from '../study/index.js';
import { type ChunkResult, type StageSeconds, stages } from './chunk.js';
import type { Recall } from './recall.js';
import type { ScreenedRow, TopRows } from './top.js';

/** Sums over chunks; they do not depend on the order or on what was done twice. */
export interface ScreenTotals {
  readonly chunks: number;
  readonly taken: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Different ones, counted within each chunk. */
  readonly distinct: number;
  readonly full: number;
  readonly tokens: number;
  readonly truncated: number;
  /** Of work, summed over the workers. */
  readonly seconds: StageSeconds;
}

export interface ScreenSummary extends ScreenTotals {
  readonly space: string;
  readonly table: string;
  readonly metric: string;
  readonly features: string;
  readonly first: string | null;
  /** Part of the distinct architectures that the last stage saw. */
  readonly share: number;
  /** Recall of the truly best known architectures: what the first stage keeps, and what the last stage would as one. */
  readonly recall: { readonly first: Recall; readonly full: Recall } | null;
  readonly shard: { readonly index: number; readonly of: number };
}

export const noTotals: ScreenTotals = {
  chunks: 0,
  taken: 0,
  rejected: {},
  distinct: 0,
  full: 0,
  tokens: 0,
  truncated: 0,
  seconds: Object.fromEntries(stages.map((stage) => [stage, 0])) as StageSeconds,
};

export function plus(
  a: ScreenTotals,
  b: Omit<ChunkResult, 'index' | 'top'> & { readonly chunks?: number },
): ScreenTotals {
  const rejected = { ...a.rejected };
  for (const [reason, count] of Object.entries(b.rejected)) rejected[reason] = (rejected[reason] ?? 0) + count;
  return {
    chunks: a.chunks + (b.chunks ?? 1),
    taken: a.taken + b.taken,
    rejected: Object.fromEntries(Object.entries(rejected).sort()),
    distinct: a.distinct + b.distinct,
    full: a.full + b.full,
    tokens: a.tokens + b.tokens,
    truncated: a.truncated + b.truncated,
    seconds: Object.fromEntries(stages.map((stage) => [stage, a.seconds[stage] + b.seconds[stage]])) as StageSeconds,
  };
}

/** The stage that took most of the work, and its part. */
export function slowestStage({ seconds }: ScreenTotals): { stage: string; share: number } {
  const total = stages.reduce((sum, stage) => sum + seconds[stage], 0);
  const stage = stages.reduce((slowest, each) => (seconds[each] > seconds[slowest] ? each : slowest));
  return { stage, share: total > 0 ? seconds[stage] / total : 0 };
}

/** The summary is written last: where it is, the screen is finished. */
export async function writeResults(directory: string, summary: ScreenSummary, top: TopRows): Promise<void> {
  const { rows } = top;
  const numbers = (of: (row: ScreenedRow) => number | undefined) =>
    Float64Array.from(rows, (row) => of(row) ?? Number.NaN);
  const file = columnsToFile({
    key: rows.map(({ key }) => key),
    identity: rows.map(({ identity }) => identity),
    ...(rows.every(({ arch }) => arch !== undefined) ? { arch: rows.map(({ arch }) => arch!) } : {}),
    score: numbers(({ score }) => score),
    std: numbers(({ std }) => std),
    ...(summary.first === null ? {} : { first: numbers(({ first }) => first) }),
  });
  await writeFileAtomic(join(directory, 'top.arrow'), file);
  await writeFileAtomic(join(directory, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
}

export function readSummary(directory: string): ScreenSummary | undefined {
  return readRunFile<ScreenSummary>(directory, 'summary.json', ['taken', 'rejected', 'seconds', 'shard']);
}

export async function readTop(directory: string): Promise<ScreenedRow[]> {
  const path = join(directory, 'top.arrow');
  const { rows, columns } = fileToColumns(path, await readFile(path));
  const value = (name: string, row: number) => columns.get(name)?.values[row];
  return Array.from({ length: rows }, (_, row) => {
    const [key, identity, arch, first] = ['key', 'identity', 'arch', 'first'].map((name) => value(name, row));
    const [score, std] = [value('score', row), value('std', row)];
    if (typeof key !== 'string' || typeof identity !== 'string' || typeof score !== 'number' || typeof std !== 'number')
      throw new ColeError('ERR_DATA', `expected key, identity, score and std in row ${row + 1} of ${path}`);
    return {
      key,
      identity,
      ...(typeof arch === 'string' ? { arch } : {}),
      score,
      std,
      ...(typeof first === 'number' ? { first } : {}),
    };
  });
}
