/** The page of a report, from its parts. */
import type { Figure } from './figures.js';
import { enumerate, fixed } from './format.js';
import { type Html, html } from './html.js';
import { document, downloads, figure, lineLegend, reproduce } from './shell.js';
import { type Stage, stagesOf } from './stages.js';
import { tableHtml } from './table.js';
import { bestColumns, secondsColumns, targetColumns } from './tables.js';
import type { RunManifest, RunReduction } from './types.js';
import { bestOf, type Method, type View } from './view.js';
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
  return document(
    parts.title,
    html`${header(view, parts)}
<section class="card" aria-labelledby="curves">
<h2 id="curves">Best so far</h2>
${figure(parts.curves, lineLegend(methods), curveCaption(view))}
${downloads(parts.files, 'curves.csv', 'curves.svg')}
</section>
${
  view.fractions.length === 0
    ? ''
    : html`<section class="card" aria-labelledby="targets">
<h2 id="targets">Evaluations to target</h2>
<p class="note">How many architectures had to be evaluated until the best so far reached a share of the best value in the table. Fewer is better; the best of a column is bold.</p>
${tableHtml(methods, targetColumns(view, parts.reductions), { caption: 'Evaluations to target, by method', rowClass })}
${downloads(parts.files, 'targets.csv')}
</section>`
}
${
  view.points.length === 0
    ? ''
    : html`<section class="card" aria-labelledby="best">
<h2 id="best">Best value after n evaluations</h2>
${tableHtml(methods, bestColumns(view), { caption: 'Mean best value after n evaluations, by method' })}
${downloads(parts.files, 'best.csv')}
</section>`
}
${parts.tau ? tauSection(parts, parts.tau, methods) : ''}
<section class="card" aria-labelledby="time">
<h2 id="time">Where the time went</h2>
${figure(parts.stages, stageLegend(stages), html`Seconds by stage, summed over the trials of a run.`, true)}
${tableHtml(methods, secondsColumns(stages), { caption: 'Seconds by stage, by method' })}
${downloads(parts.files, 'seconds.csv', 'seconds.svg')}
</section>
<section class="card" aria-labelledby="notes">
<h2 id="notes">Notes</h2>
<ul class="notes">${notes(view).map((note) => html`<li>${note}</li>`)}</ul>
</section>
${reproduce(runsOf(view))}`,
  );
}

function header(view: View, { title, reductions }: Parts): Html {
  const { objective, methods } = view;
  const seeds = [...new Set(methods.map(({ summary }) => summary.seed))];
  const strategies = [...new Set(methods.map(({ summary }) => summary.strategy))];
  const trials = [...new Set(methods.map(({ summary }) => summary.trials.planned))].sort((a, b) => a - b);
  const budgets = [...new Set(methods.map(({ summary }) => summary.budget))].sort((a, b) => a - b);
  const notice = partialNotice(view);
  const shared = sharedOptions(view);
  const trained = objective.kind === 'command';
  return html`<header>
<p class="eyebrow">cole · search report · ${dates(view)}</p>
<h1>${title}</h1>
<p class="lead">${finding(view, reductions)}</p>
${notice ? html`<p class="notice" role="note">${notice}</p>` : ''}
<dl class="facts">
<div class="full"><dt>${trained ? 'Command' : 'Table'}</dt><dd>${objective.name}${objective.description ? html`<span class="sub">${objective.description}</span>` : ''}</dd></div>
${fact('Space', view.space)}
${fact('Metric', objective.metric)}
${fact(trained ? 'Best that was found' : 'Best in the table', fixed(bestOf(view), view.decimals))}
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
${downloads(parts.files, 'tau.csv', 'tau.svg')}
</section>`;
}

function runsOf({ methods, pending }: View): { title: Html; manifest: RunManifest }[] {
  return [
    ...methods.map(({ name, run }) => ({ title: html`${name}`, manifest: run.manifest })),
    ...pending.map(({ folder, manifest }) => ({
      title: html`${folder} <span class="tag">no finished trial</span>`,
      manifest,
    })),
  ];
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
