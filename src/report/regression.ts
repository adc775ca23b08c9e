/** The report of a regression study: tau against training rows, and every metric with what stands against the baseline. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError } from '../base/index.js';
import type { Fields } from './fields.js';
import { type Figure, type Line, type LineLook, lineFigures } from './figures.js';
import { fixed, seconds } from './format.js';
import { type Html, html } from './html.js';
import { readJson, readManifest } from './read.js';
import { document, downloads, figure, lineLegend, reproduce, swatch } from './shell.js';
import { standAlone } from './svg.js';
import { type Column, csvText, tableHtml } from './table.js';
import type { RunManifest } from './types.js';
import { assignStyles } from './view.js';

interface Result {
  readonly size: number;
  /** Mean and deviation over the trials by name of metric; some metrics are missing for some heads. */
  readonly metrics: Readonly<Record<string, { readonly mean: number; readonly deviation: number }>>;
  readonly fitSeconds: number;
}

interface Comparison {
  readonly size: number;
  readonly difference: number;
  readonly p: number;
  readonly holmP: number;
  readonly conservativeP: number;
}

interface StudyMethod extends LineLook {
  readonly model: string | undefined;
  readonly results: readonly Result[];
  readonly comparisons: readonly Comparison[];
}

interface Study {
  readonly manifest: RunManifest;
  readonly table: string;
  readonly description: string | undefined;
  readonly space: string;
  readonly metric: string;
  readonly sizes: readonly number[];
  readonly folds: number;
  readonly repeats: number;
  readonly population: number;
  readonly baseline: string;
  /** Best first, by tau at the largest size. */
  readonly methods: readonly StudyMethod[];
}

const metrics = ['tau', 'spearman', 'pearson', 'mse', 'r2', 'topRecall', 'topRegret', 'coverage'] as const;

/** The study in the only directory that is given, if it is one. Throws ERR_INPUT for a study among other directories. */
export async function regressionIn(runs: readonly string[]): Promise<Study | undefined> {
  const found: Study[] = [];
  for (const run of runs) {
    const path = join(run, 'summary.json');
    if (!(await stat(path).catch(() => undefined))?.isFile()) continue;
    const fields = await readJson(path);
    if (fields.has('kind') && fields.string('kind') === 'regression')
      found.push(readStudy(fields, readManifest(await readJson(join(run, 'manifest.json')))));
  }
  if (found.length > 0 && runs.length > 1)
    throw new ColeError('ERR_INPUT', `expected a regression study by itself, got ${runs.length} directories`);
  return found[0];
}

function readStudy(fields: Fields, manifest: RunManifest): Study {
  if (fields.number('version') !== 1) fields.fail('version 1 of the summary', 'version');
  const objective = fields.child('objective');
  const sizes = fields.numbers('sizes');
  const results = fields.list('results', (item) => ({
    method: item.string('method'),
    size: item.count('size', 1),
    metrics: readMetrics(item.child('metrics')),
    fitSeconds: item.number('fitSeconds'),
  }));
  const comparisons = fields.list('comparisons', (item) => ({
    method: item.string('method'),
    size: item.count('size', 1),
    difference: item.number('difference'),
    p: item.within('p', 0, 1),
    holmP: item.within('holmP', 0, 1),
    conservativeP: item.within('conservativeP', 0, 1),
  }));
  const named = fields.list('methods', (item) => ({
    name: item.string('name'),
    model: item.has('model') ? item.string('model') : undefined,
  }));
  const tauAtEnd = (name: string) =>
    results.find((each) => each.method === name && each.size === sizes.at(-1))?.metrics.tau?.mean ?? 0;
  const sorted = named.slice().sort((a, b) => tauAtEnd(b.name) - tauAtEnd(a.name));
  const styles = assignStyles(
    sorted.map(({ name, model }) => ({ features: name, ...(model !== undefined && { model }) })),
  );
  return {
    manifest,
    table: objective.string('name'),
    description: objective.has('description') ? objective.string('description') : undefined,
    space: fields.string('space'),
    metric: objective.string('metric'),
    sizes,
    folds: fields.count('folds', 1),
    repeats: fields.count('repeats', 1),
    population: fields.count('population', 1),
    baseline: fields.string('baseline'),
    methods: sorted.map(({ name, model }, i) => ({
      name,
      model,
      languageModel: model !== undefined,
      ...styles[i]!,
      results: results.filter(({ method }) => method === name),
      comparisons: comparisons.filter(({ method }) => method === name),
    })),
  };
}

function readMetrics(fields: Fields): Result['metrics'] {
  return Object.fromEntries(
    metrics.flatMap((name) => {
      if (!fields.has(name)) return [];
      const item = fields.child(name);
      return [[name, { mean: item.number('mean'), deviation: item.number('deviation') }]];
    }),
  );
}

/** The page and the files beside it. */
export function regressionReport(study: Study, title = `Regression on ${study.table}`) {
  const tau = tauFigure(study);
  const subtitle = `${study.table} · ${study.folds} folds, ${study.repeats} repeats, mean with one deviation`;
  const files = new Map([
    ['results.csv', csvText(rowsOf(study), resultColumns)],
    ['tau.svg', standAlone(tau, `Kendall τ of ${study.metric} against training rows`, subtitle)],
  ]);
  return { files, text: document(title, body(study, title, tau, files)) };
}

function tauFigure({ methods, sizes, metric }: Study): Figure {
  const lines = methods.map(
    (method): Line => ({
      method,
      points: method.results.map(({ size, metrics: { tau } }) => ({
        x: size,
        mean: tau!.mean,
        halfWidth: tau!.deviation,
      })),
    }),
  );
  const all = lines.flatMap(({ points }) => points);
  const low = Math.min(...all.map(({ mean, halfWidth }) => mean - halfWidth));
  const high = Math.max(...all.map(({ mean, halfWidth }) => mean + halfWidth));
  const ends = methods.map(({ name, results }) => `${name} ${results.at(-1)!.metrics.tau!.mean.toFixed(3)}`);
  return lineFigures(lines, `Kendall tau of ${metric} against training rows. At ${sizes.at(-1)}: ${ends.join(', ')}.`, {
    xLabel: 'training rows',
    xUnit: 'rows',
    logTicks: sizes,
    yLabel: 'Kendall τ on the test fold',
    x: [sizes[0]!, Math.max(sizes.at(-1)!, sizes[0]! + 1)],
    y: [Math.max(-1, Math.floor(low * 10) / 10), Math.min(1, Math.ceil(high * 10) / 10)],
    format: (value) => value.toFixed(1),
    marks: [],
    dots: true,
  });
}

function body(study: Study, title: string, tau: Figure, files: ReadonlyMap<string, string>): Html {
  const { methods, sizes, baseline, folds, repeats, population } = study;
  const best = methods[0]!;
  const last = best.results.at(-1)!;
  const fact = (name: string, value: string | number) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  return html`<header>
<p class="eyebrow">cole · regression study · ${study.manifest.started.slice(0, 10)}</p>
<h1>${title}</h1>
<p class="lead"><b>${best.name}</b> ranks unseen architectures best with ${last.size} training rows: Kendall’s τ ${last.metrics.tau!.mean.toFixed(3)}.</p>
<dl class="facts">
<div class="full"><dt>Table</dt><dd>${study.table}${study.description ? html`<span class="sub">${study.description}</span>` : ''}</dd></div>
${fact('Space', study.space)}
${fact('Metric', study.metric)}
${fact('Architectures', fixed(population, 0))}
${fact('Trials per size', `${folds} folds × ${repeats}`)}
${fact('Compared with', baseline)}
</dl>
</header>
<section class="card" aria-labelledby="tau">
<h2 id="tau">How well each ranks</h2>
${figure(tau, lineLegend(methods), html`Kendall’s τ between predicted and true values of the test fold; mean over ${folds * repeats} trials with one standard deviation. 1 is the true order, 0 is chance. Solid lines use a language model.`)}
${tableHtml(methods, tauColumns(study), { caption: 'Kendall tau by method and training rows' })}
<p class="note">± is the deviation over the trials. Below it the difference from ${baseline} with its p: corrected paired t-test (Nadeau and Bengio), two-sided, after Holm’s correction over all ${sizes.length * (methods.length - 1)} comparisons. The test takes the whole pool for the training rows, as published studies do; conservative p values, with the real number, are in the CSV file.</p>
${downloads(files, 'results.csv', 'tau.svg')}
</section>
<section class="card" aria-labelledby="more">
<h2 id="more">With ${last.size} training rows</h2>
${tableHtml(methods, metricColumns(last.size), { caption: `Other metrics with ${last.size} training rows` })}
<p class="note">Top tenth: the share of the truly best tenth of the fold among the predicted best tenth, and how far the best of those is from the best of the fold. Coverage: the share of values within 1.96 predicted deviations. After a ranking loss the squared error says little. Seconds are those of features and head; language models ran before.</p>
</section>
${reproduce([{ title: html`This study`, manifest: study.manifest }])}`;
}

function methodCell({ name, model, ink, dash, languageModel }: StudyMethod): Html {
  const note = languageModel
    ? html`<span class="sub">${model}</span>`
    : html`<span class="sub none">no language model</span>`;
  return html`<span class="method">${swatch(ink.name, ink.light, dash, languageModel)}<span><b>${name}</b><br>${note}</span></span>`;
}

const identity: Column<StudyMethod> = { key: 'method', label: 'Method', value: ({ name }) => name, show: methodCell };

function tauColumns({ sizes, baseline }: Study): Column<StudyMethod>[] {
  const at = <T extends { readonly size: number }>(list: readonly T[], size: number) =>
    list.find((each) => each.size === size);
  return [
    identity,
    ...sizes.map(
      (size): Column<StudyMethod> => ({
        key: `tau_at_${size}`,
        label: `${size} rows`,
        best: 'highest',
        value: ({ results }) => at(results, size)?.metrics.tau?.mean,
        show: ({ name, results, comparisons }) => {
          const tau = at(results, size)?.metrics.tau;
          if (!tau) return '–';
          const test = at(comparisons, size);
          const against = name === baseline ? 'baseline' : test && `${signed(test.difference)}, p ${pText(test.holmP)}`;
          return html`${tau.mean.toFixed(3)} <span class="sub">± ${tau.deviation.toFixed(3)}</span><span class="sub">${against}</span>`;
        },
      }),
    ),
  ];
}

function metricColumns(size: number): Column<StudyMethod>[] {
  const of = ({ results }: StudyMethod) => results.find((each) => each.size === size);
  const column = (name: string, label: string, best: 'highest' | 'lowest' | undefined, decimals: number) => ({
    key: name,
    label,
    ...(best && { best }),
    value: (method: StudyMethod) => of(method)?.metrics[name]?.mean,
    show: (method: StudyMethod) => {
      const value = of(method)?.metrics[name];
      return value ? fixed(value.mean, decimals) : '–';
    },
  });
  return [
    identity,
    column('spearman', 'Spearman', 'highest', 3),
    column('pearson', 'Pearson', 'highest', 3),
    column('mse', 'squared error', 'lowest', 2),
    column('r2', 'R²', 'highest', 3),
    column('topRecall', 'top tenth found', 'highest', 3),
    column('topRegret', 'top tenth regret', 'lowest', 2),
    column('coverage', 'coverage', undefined, 2),
    {
      key: 'fit_seconds',
      label: 'seconds',
      best: 'lowest',
      value: (method) => of(method)?.fitSeconds,
      show: (method) => seconds(of(method)?.fitSeconds ?? 0),
    },
  ];
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${fixed(value, 3)}`;
}

function pText(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

interface ResultRow extends Result {
  readonly method: StudyMethod;
  readonly test: Comparison | undefined;
}

function rowsOf({ methods }: Study): ResultRow[] {
  return methods.flatMap((method) =>
    method.results.map((result) => ({
      method,
      ...result,
      test: method.comparisons.find(({ size }) => size === result.size),
    })),
  );
}

const resultColumns: Column<ResultRow>[] = [
  { key: 'method', value: ({ method }) => method.name },
  { key: 'language_model', value: ({ method }) => method.model ?? 'none' },
  { key: 'size', value: ({ size }) => size },
  ...metrics.flatMap((name): Column<ResultRow>[] => [
    { key: `mean_${name}`, value: (row) => row.metrics[name]?.mean },
    { key: `deviation_${name}`, value: (row) => row.metrics[name]?.deviation },
  ]),
  { key: 'difference_tau', value: ({ test }) => test?.difference },
  { key: 'p', value: ({ test }) => test?.p },
  { key: 'holm_p', value: ({ test }) => test?.holmP },
  { key: 'conservative_p', value: ({ test }) => test?.conservativeP },
  { key: 'fit_seconds', value: ({ fitSeconds }) => fitSeconds },
];
