/** Run directories to one HTML file, with the CSV and SVG files of its tables and figures in a folder beside it. */
import { dirname, join, parse } from 'node:path';
import { writeFileAtomic } from '../base/index.js';
import { curveFigure, type Figure, tauFigure } from './figures.js';
import { page } from './page.js';
import { readRuns } from './read.js';
import { regressionIn, regressionReport } from './regression.js';
import { stageFigure, stagesOf } from './stages.js';
import { standAlone } from './svg.js';
import { csvText } from './table.js';
import { bestColumns, curveColumns, curveRows, secondsColumns, targetColumns, tauRows } from './tables.js';
import type { RunReduction } from './types.js';
import { arrange, type View } from './view.js';

export interface ReportOptions {
  /** Run directories, or folders of run directories. */
  readonly runs: readonly string[];
  /** The HTML file; a path without `.html` is a folder that gets `report.html`. */
  readonly out: string;
  /** Default: "Architecture search on <table>". */
  readonly title?: string;
  /** Intervals of the evaluations saved against path encoding; a function is asked for them once the runs are found good. */
  readonly reductions?: readonly RunReduction[] | ((runs: readonly string[]) => readonly RunReduction[]);
}

export interface ReportFiles {
  readonly html: string;
  readonly csv: string[];
  readonly svg: string[];
}

/** See index.ts. */
export async function writeReport({ runs, out, title, reductions = [] }: ReportOptions): Promise<ReportFiles> {
  const study = await regressionIn(runs);
  if (study) {
    const { files, text } = regressionReport(study, title);
    return writeFiles(out, files, text);
  }
  const view = arrange(await readRuns(runs));
  const saved = typeof reductions === 'function' ? reductions(runs) : reductions;
  const curves = curveFigure(view);
  const tau = tauFigure(view);
  const stages = stageFigure(view);
  const files = new Map([
    ['curves.csv', csvText(curveRows(view), curveColumns('best'))],
    ['targets.csv', csvText(view.methods, targetColumns(view, saved))],
    ['best.csv', csvText(view.methods, bestColumns(view))],
    ['seconds.csv', csvText(view.methods, secondsColumns(stagesOf(view)))],
    ['curves.svg', curvesAlone(view, curves)],
    ['seconds.svg', standAlone(stages, 'Seconds by stage', task(view))],
  ]);
  if (tau) {
    files.set('tau.csv', csvText(tauRows(view), curveColumns('kendall_tau')));
    files.set('tau.svg', standAlone(tau, 'Kendall τ of the surrogate at each refit', task(view)));
  }
  const heading = title ?? `Architecture search on ${view.objective.name}`;
  const text = page(view, { title: heading, curves, tau, stages, reductions: saved, files });
  return writeFiles(out, files, text);
}

async function writeFiles(out: string, files: ReadonlyMap<string, string>, text: string): Promise<ReportFiles> {
  const html = out.endsWith('.html') ? out : join(out, 'report.html');
  const folder = join(dirname(html), parse(html).name);
  for (const [name, content] of files) await writeFileAtomic(join(folder, name), content);
  await writeFileAtomic(html, text);
  const named = (end: string) =>
    [...files.keys()].filter((name) => name.endsWith(end)).map((name) => join(folder, name));
  return { html, csv: named('.csv'), svg: named('.svg') };
}

/** See index.ts. */
export async function writeCurvePicture({ runs, out, title }: Omit<ReportOptions, 'reductions'>): Promise<string> {
  const view = arrange(await readRuns(runs));
  await writeFileAtomic(out, curvesAlone(view, curveFigure(view), title));
  return out;
}

function curvesAlone(view: View, curves: Figure, title = `Best ${view.objective.metric} so far`): string {
  return standAlone(curves, title, task(view));
}

function task({ space, objective, methods, budget }: View): string {
  const trials = Math.max(...methods.map(({ summary }) => summary.trials.done));
  const table = objective.name.includes(space) ? objective.name : `${space}, ${objective.name}`;
  return `${table} · ${budget} evaluations · mean of ${trials} ${trials > 1 ? 'trials' : 'trial'} with 95 % confidence band`;
}
