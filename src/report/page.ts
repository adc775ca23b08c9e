/** The page of a report, from its parts. */
import type { Figure } from './figures.js';
import { enumerate, fixed } from './format.js';
import { Html, html } from './html.js';
import { type Stage, stagesOf } from './stages.js';
import { styleSheet } from './style.js';
import { tableHtml } from './table.js';
import { bestColumns, secondsColumns, swatch, targetColumns } from './tables.js';
import type { RunReduction } from './types.js';
import type { Method, View } from './view.js';
import { finding, notes, partialNotice } from './words.js';

export interface Parts {
  readonly title: string;
  readonly curves: Figure;
  readonly tau: Figure | undefined;
  readonly stages: Figure;
  readonly reductions: readonly RunReduction[];
  /** File name -> content of the CSV and SVG files, which the page carries with it too. */
  readonly files: ReadonlyMap<string, string>;
}

export function page(view: View, parts: Parts): string {
  const { methods } = view;
  const rowClass = (_: Method, index: number) => (index === 0 && methods.length > 1 ? 'winner' : '');
  const stages = stagesOf(view);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${parts.title}</title>
<style>${new Html(styleSheet())}</style>
</head>
<body>
<main>
${header(view, parts)}
<section class="card" aria-labelledby="curves">
<h2 id="curves">Best so far</h2>
${figure(parts.curves, lineLegend(methods), curveCaption(view))}
${downloads(parts, 'curves.csv', 'curves.svg')}
</section>
${
  view.fractions.length === 0
    ? ''
    : html`<section class="card" aria-labelledby="targets">
<h2 id="targets">Evaluations to target</h2>
<p class="note">How many architectures had to be evaluated until the best so far reached a share of the best value in the table. Fewer is better; the best of a column is bold.</p>
${tableHtml(methods, targetColumns(view, parts.reductions), { caption: 'Evaluations to target, by method', rowClass })}
${downloads(parts, 'targets.csv')}
</section>`
}
${
  view.points.length === 0
    ? ''
    : html`<section class="card" aria-labelledby="best">
<h2 id="best">Best value after n evaluations</h2>
${tableHtml(methods, bestColumns(view), { caption: 'Mean best value after n evaluations, by method' })}
${downloads(parts, 'best.csv')}
</section>`
}
${parts.tau ? tauSection(parts, parts.tau, methods) : ''}
<section class="card" aria-labelledby="time">
<h2 id="time">Where the time went</h2>
${figure(parts.stages, stageLegend(stages), html`Seconds by stage, summed over the trials of a run.`, true)}
${tableHtml(methods, secondsColumns(stages), { caption: 'Seconds by stage, by method' })}
${downloads(parts, 'seconds.csv', 'seconds.svg')}
</section>
<section class="card" aria-labelledby="notes">
<h2 id="notes">Notes</h2>
<ul class="notes">${notes(view).map((note) => html`<li>${note}</li>`)}</ul>
</section>
${reproduce(view)}
</main>
</body>
</html>
`.text;
}

function header(view: View, { title, reductions }: Parts): Html {
  const { objective, methods } = view;
  const seeds = [...new Set(methods.map(({ summary }) => summary.seed))];
  const strategies = [...new Set(methods.map(({ summary }) => summary.strategy))];
  const trials = [...new Set(methods.map(({ summary }) => summary.trials.planned))].sort((a, b) => a - b);
  const budgets = [...new Set(methods.map(({ summary }) => summary.budget))].sort((a, b) => a - b);
  const notice = partialNotice(view);
  const shared = sharedOptions(view);
  return html`<header>
<p class="eyebrow">cole · search report · ${dates(view)}</p>
<h1>${title}</h1>
<p class="lead">${finding(view, reductions)}</p>
${notice ? html`<p class="notice" role="note">${notice}</p>` : ''}
<dl class="facts">
<div class="full"><dt>Table</dt><dd>${objective.name}${objective.description ? html`<span class="sub">${objective.description}</span>` : ''}</dd></div>
${fact('Space', view.space)}
${fact('Metric', objective.metric)}
${fact('Best in the table', fixed(objective.best, view.decimals))}
${fact('Evaluations per trial', budgets.join(', '))}
${fact('Trials per method', trials.join(', '))}
${fact(seeds.length > 1 ? 'Seeds' : 'Seed', seeds.join(', '))}
${fact(strategies.length > 1 ? 'Strategies' : 'Strategy', strategies.join(', '))}
${fact('Methods', methods.length)}
</dl>
${
  shared.length === 0
    ? ''
    : html`<details><summary>Settings (${shared.length})</summary><dl class="settings">${shared.map(
        ([name, value]) => html`<div><dt>${name}</dt><dd><code>${value}</code></dd></div>`,
      )}</dl></details>`
}
</header>`;
}

function fact(name: string, value: string | number): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function curveCaption({ methods }: View): Html {
  const models = methods.some(({ languageModel }) => languageModel);
  const plain = methods.some(({ summary }) => summary.features === undefined);
  const lines = models ? ' Solid lines use a language model, the others do not.' : ' No method uses a language model.';
  const grey = plain ? ' Grey lines have no surrogate at all.' : '';
  return html`Mean over trials of the best value so far, with 95 % confidence bands.${lines}${grey} The vertical axis starts where the random start is over.`;
}

function figure({ wide, narrow }: Figure, legend: Html, caption: Html, legendAlways = false): Html {
  return html`<figure>
${legendAlways ? legend : ''}
<div class="wide">${new Html(wide)}</div>
<div class="narrow">${new Html(narrow)}${legendAlways ? '' : legend}</div>
<figcaption>${caption}</figcaption>
</figure>`;
}

function lineLegend(methods: readonly Method[]): Html {
  const items = methods.map(
    ({ name, ink, dash, languageModel }) => html`<li>${swatch(ink.name, ink.light, dash, languageModel)}${name}</li>`,
  );
  return html`<ul class="legend">${items}</ul>`;
}

function stageLegend(stages: readonly Stage[]): Html {
  const items = stages.map(
    ({ name, ink }) =>
      html`<li><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="3" fill="${ink.light}" class="f-${ink.name}"/></svg>${name}</li>`,
  );
  return html`<ul class="legend stages">${items}</ul>`;
}

function tauSection(parts: Parts, tau: Figure, methods: readonly Method[]): Html {
  const shown = methods.filter(({ summary }) => summary.tau.length > 0);
  return html`<section class="card" aria-labelledby="tau">
<h2 id="tau">How well the surrogate ranks</h2>
${figure(tau, lineLegend(shown), html`Kendall’s τ between predicted and true values of architectures that were not evaluated, at each refit; mean over trials with 95 % confidence bands. 1 is the true order, 0 is chance.`)}
${downloads(parts, 'tau.csv', 'tau.svg')}
</section>`;
}

/** Links that carry their files, so that the page needs none beside it. */
function downloads({ files }: Parts, ...names: string[]): Html {
  const types: Record<string, string> = { csv: 'text/csv', svg: 'image/svg+xml' };
  return html`<p class="downloads">${names.map((name) => {
    const kind = name.slice(-3);
    const data = Buffer.from(files.get(name)!).toString('base64');
    return html`<a download="${name}" href="data:${types[kind]};base64,${data}" aria-label="Download ${name}">${kind.toUpperCase()}</a>`;
  })}</p>`;
}

function reproduce({ methods, pending }: View): Html {
  const named = [
    ...methods.map((method) => ({ title: html`${method.name}`, run: method.run })),
    ...pending.map((run) => ({ title: html`${run.folder} <span class="tag">no finished trial</span>`, run })),
  ];
  const manifests = named.map(({ run }) => run.manifest);
  const distinct = (texts: string[]) => [...new Set(texts)];
  const cpus = distinct(manifests.map(({ cpu }) => `${cpu.model}, ${cpu.cores} cores${cpu.isa ? `, ${cpu.isa}` : ''}`));
  const versions = distinct(manifests.map((manifest) => pairs(manifest.versions)));
  return html`<section class="card runs" aria-labelledby="reproduce">
<h2 id="reproduce">Reproduce</h2>
<p class="note">Each command repeats its run to the bit on the same instruction set, for any number of workers.</p>
${named.map(({ title, run }) => html`<h3>${title}</h3><pre><code>${run.manifest.command}</code></pre>`)}
<footer>${cpus.map((cpu) => html`<p>${cpu}</p>`)}${versions.map((line) => html`<p>${line}</p>`)}</footer>
</section>`;
}

function pairs(record: Readonly<Record<string, string>>): string {
  return Object.entries(record)
    .map(([name, version]) => `${name} ${version}`)
    .join(' · ');
}

/** Days on which the runs were started. */
function dates({ methods }: View): string {
  const days = [...new Set(methods.map(({ run }) => run.manifest.started.slice(0, 10)))].sort();
  return days.length > 2 ? `${days[0]} to ${days.at(-1)}` : enumerate(days);
}

/** Options that the header tells by themselves. */
const told = new Set([
  'space',
  'metric',
  'budget',
  'trials',
  'seed',
  'source',
  'source.benchmark',
  'settings.strategy',
]);

/** Options with one value in all runs that have them, flattened: what differs shows in the commands. */
function sharedOptions({ methods }: View): [string, string][] {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of methods.flatMap(({ run }) => flatten(run.manifest.options)))
    values.set(name, (values.get(name) ?? new Set()).add(value));
  return [...values].flatMap(([name, set]): [string, string][] =>
    set.size === 1 && !told.has(name) ? [[name, [...set][0]!]] : [],
  );
}

function flatten(options: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(options).flatMap(([name, value]): [string, string][] => {
    if (value === null || value === undefined) return [];
    if (typeof value === 'object' && !Array.isArray(value))
      return flatten(value as Record<string, unknown>, `${prefix}${name}.`);
    return [[prefix + name, Array.isArray(value) ? value.join(', ') : String(value)]];
  });
}
