/**
 * Run directories to `Run`s. Everything is checked here, once, so that figures and tables can trust what they get; nothing
 * is computed beyond that.
 */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ColeError } from '../base/index.js';
import { Fields } from './fields.js';
import type { CurveSummary, RunManifest, RunSummary, TargetSummary } from './types.js';

export interface Run {
  readonly folder: string;
  readonly manifest: RunManifest;
  /** Absent while the run has no finished trial with a value. */
  readonly summary?: RunSummary;
}

/** A path is a run directory or a folder of run directories. The same directory given twice counts once. */
export async function readRuns(paths: readonly string[]): Promise<Run[]> {
  if (paths.length === 0) throw new ColeError('ERR_OPTION', 'expected at least one run directory, got none');
  const folders = (await Promise.all(paths.map(runFolders))).flat();
  const real = await Promise.all(folders.map((folder) => realpath(folder)));
  const unique = folders.filter((_, i) => real.indexOf(real[i]!) === i);
  const runs = await Promise.all(unique.map(readRun));
  checkSameTask(runs);
  return runs;
}

async function runFolders(path: string): Promise<string[]> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined)
    throw new ColeError('ERR_INPUT', `expected a run directory, got ${path}, which does not exist`);
  if (!info.isDirectory()) throw new ColeError('ERR_INPUT', `expected a run directory, got ${path}, which is a file`);
  if (await isFile(join(path, 'manifest.json'))) return [path];
  const inside = (await readdir(path)).sort().map((name) => join(path, name));
  const nested = await Promise.all(inside.map((folder) => isFile(join(folder, 'manifest.json'))));
  const found = inside.filter((_, i) => nested[i]);
  if (found.length === 0)
    throw new ColeError('ERR_INPUT', `expected a run directory, got ${path}, which has no manifest.json`);
  return found;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

async function readRun(folder: string): Promise<Run> {
  const manifest = readManifest(await readJson(join(folder, 'manifest.json')));
  // Only screens have chunks.
  if ('chunk' in manifest.options)
    throw new ColeError(
      'ERR_INPUT',
      `expected runs of searches or a regression study, got ${folder}, a screen, whose best are in its top.arrow`,
    );
  const path = join(folder, 'summary.json');
  if (!(await isFile(path))) return { folder, manifest };
  const summary = readSummary(await readJson(path));
  return summary.curve.evaluations.length === 0 ? { folder, manifest } : { folder, manifest, summary };
}

export async function readJson(path: string): Promise<Fields> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected JSON in ${path}, got: ${(cause as Error).message}`, { cause });
  }
  return new Fields(value, path);
}

export function readManifest(fields: Fields): RunManifest {
  const cpu = fields.child('cpu');
  return {
    command: fields.string('command'),
    started: fields.string('started'),
    options: fields.record('options'),
    versions: fields.stringRecord('versions'),
    hashes: fields.stringRecord('hashes'),
    cpu: {
      model: cpu.string('model'),
      cores: cpu.count('cores', 1),
      ...(cpu.has('isa') ? { isa: cpu.string('isa') } : {}),
    },
  };
}

function readSummary(fields: Fields): RunSummary {
  if (fields.number('version') !== 1) fields.fail('version 1 of the summary', 'version');
  const objective = fields.child('objective');
  const trials = fields.child('trials');
  return {
    version: 1,
    method: fields.string('method'),
    strategy: fields.string('strategy'),
    ...optionalStrings(fields, 'features', 'model'),
    space: fields.string('space'),
    objective: {
      name: objective.string('name'),
      ...optionalStrings(objective, 'kind', 'description'),
      hash: objective.string('hash'),
      metric: objective.string('metric'),
      metrics: objective.strings('metrics'),
      best: objective.number('best'),
    },
    seed: fields.number('seed'),
    budget: fields.count('budget', 1),
    trials: { planned: trials.count('planned', 1), done: trials.count('done') },
    curve: readCurve(fields.child('curve')),
    bestAt: fields.list('bestAt', readPoint),
    ...(fields.has('testAt') ? { testAt: fields.list('testAt', readPoint) } : {}),
    targets: fields.list('targets', readTarget),
    tau: fields.list('tau', (item) => ({
      evaluations: item.count('evaluations', 1),
      mean: item.within('mean', -1, 1),
      halfWidth: item.number('halfWidth'),
      trials: item.count('trials', 1),
    })),
    seconds: fields.numberRecord('seconds'),
    misses: fields.count('misses'),
    ended: fields.numberRecord('ended'),
  };
}

function optionalStrings<Name extends string>(fields: Fields, ...names: Name[]): { [name in Name]?: string } {
  const present = names.filter((name) => fields.has(name));
  return Object.fromEntries(present.map((name) => [name, fields.string(name)])) as { [name in Name]?: string };
}

function readPoint(item: Fields): RunSummary['bestAt'][number] {
  return {
    evaluations: item.count('evaluations', 1),
    mean: item.number('mean'),
    halfWidth: item.number('halfWidth'),
  };
}

function readCurve(fields: Fields): CurveSummary {
  const evaluations = fields.numbers('evaluations');
  const [mean, halfWidth] = (['mean', 'halfWidth'] as const).map((name) => {
    const values = fields.numbers(name);
    return values.length === evaluations.length ? values : fields.fail(`${evaluations.length} numbers`, name);
  });
  return { evaluations, mean: mean!, halfWidth: halfWidth! };
}

function readTarget(fields: Fields): TargetSummary {
  const quartiles = fields.numbers('quartiles');
  if (quartiles.length !== 2) fields.fail('two quartiles', 'quartiles');
  return {
    fraction: fields.within('fraction', 0, 1),
    value: fields.number('value'),
    ofMeanCurve: fields.numberOrNull('ofMeanCurve'),
    meanOfTrials: fields.number('meanOfTrials'),
    median: fields.number('median'),
    quartiles: [quartiles[0]!, quartiles[1]!],
    reached: fields.within('reached', 0, 1),
  };
}

/** Runs over another space, table or metric have other values: side by side they would mislead. */
function checkSameTask(runs: readonly Run[]): void {
  const done = runs.filter((run) => run.summary !== undefined);
  if (done.length === 0) {
    const folders = runs.map((run) => run.folder).join(', ');
    throw new ColeError('ERR_INPUT', `expected a run with at least one finished trial, got ${folders} without any`);
  }
  const aspects: readonly [string, (summary: RunSummary) => string][] = [
    ['space', (summary) => summary.space],
    ['table', (summary) => summary.objective.hash],
    ['metric', (summary) => summary.objective.metric],
  ];
  const first = done[0]!;
  for (const run of done.slice(1)) {
    for (const [aspect, of] of aspects) {
      const [a, b] = [first, run].map((each) => of(each.summary!));
      if (a !== b) {
        const where = `${basename(first.folder)} has ${a} and ${basename(run.folder)} has ${b}`;
        throw new ColeError('ERR_INPUT', `expected runs with one ${aspect}, but ${where}: report them apart`);
      }
    }
  }
}
