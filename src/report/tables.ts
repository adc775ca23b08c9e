/** What stands in each table and CSV file of a report. */
import { resolve } from 'node:path';
import { fixed, percent, seconds, signedPercent } from './format.js';
import { type Html, html } from './html.js';
import { swatch } from './shell.js';
import { type Stage, totalSeconds } from './stages.js';
import type { Column } from './table.js';
import type { RunReduction, RunSummary, TargetSummary } from './types.js';
import { type Method, targetOf, type View } from './view.js';

/** The name of a method with its line as it is drawn, and what the reader must know at once. */
export function methodCell(method: Method, best = false): Html {
  const { languageModel, summary, partial, ink, dash } = method;
  const note = languageModel
    ? html`<span class="sub">${summary.model}</span>`
    : html`<span class="sub none">no language model</span>`;
  const first = best ? html` <span class="tag best">best</span>` : '';
  const tag = partial ? html` <span class="tag">partial</span>` : '';
  return html`<span class="method">${swatch(ink.name, ink.light, dash, languageModel)}<span><b>${method.name}</b>${first}${tag}<br>${note}</span></span>`;
}

/** `best` is marked as such. */
function identity(best?: Method): Column<Method>[] {
  return [
    {
      key: 'method',
      label: 'Method',
      value: ({ name }) => name,
      show: (method) => methodCell(method, method === best),
    },
    { key: 'language_model', value: ({ summary }) => summary.model ?? 'none' },
    { key: 'trials', value: ({ summary }) => summary.trials.done },
  ];
}

/** Mean best so far at 50, 100, 150 evaluations and the like. */
export function bestColumns(view: View): Column<Method>[] {
  const columns = (pick: (summary: RunSummary) => RunSummary['bestAt'] | undefined, name: string, group: string) =>
    view.points.flatMap((point): Column<Method>[] => {
      const at = ({ summary }: Method) => pick(summary)?.find(({ evaluations }) => evaluations === point);
      return [
        {
          key: `mean_${name}_at_${point}`,
          label: String(point),
          group,
          best: 'highest',
          value: (method) => at(method)?.mean,
          show: (method) => {
            const found = at(method);
            if (!found) return '–';
            const half = fixed(found.halfWidth, view.decimals);
            return html`${fixed(found.mean, view.decimals)}<span class="sub">± ${half}</span>`;
          },
        },
        { key: `half_width_${name}_at_${point}`, value: (method) => at(method)?.halfWidth },
      ];
    });
  const { metric } = view.objective;
  const points = columns(({ bestAt }) => bestAt, 'best', `Mean best ${metric} after n evaluations`);
  const tests = columns(({ testAt }) => testAt, 'test', `${view.testMetric} of that architecture`);
  const trials: Column<Method> = {
    key: 'planned_trials',
    label: 'Trials',
    value: ({ summary }) => summary.trials.planned,
    show: ({ summary: { trials } }) =>
      trials.done < trials.planned ? `${trials.done} of ${trials.planned}` : `${trials.done}`,
  };
  return [...identity(), trials, ...points, ...(view.testMetric === undefined ? [] : tests)];
}

/** Both statistics of evaluations-to-target, medians, shares, and the difference from path encoding. */
export function targetColumns(view: View, reductions: readonly RunReduction[]): Column<Method>[] {
  const best = view.methods.length > 1 ? view.methods[0] : undefined;
  return [...identity(best), ...view.fractions.flatMap((fraction) => columnsOfTarget(view, fraction, reductions))];
}

function columnsOfTarget(view: View, fraction: number, reductions: readonly RunReduction[]): Column<Method>[] {
  const group = `${percent(fraction)} of the best`;
  const key = `at_${String(fraction * 100).replace('.', '_')}`;
  const of = <T>(pick: (target: TargetSummary) => T) => {
    return (method: Method) => {
      const target = targetOf(method.summary, fraction);
      return target === undefined ? undefined : pick(target);
    };
  };
  const show = (pick: (target: TargetSummary) => Html | string) => (method: Method) => of(pick)(method) ?? '–';
  // A trial that never got there counts with the whole budget, so the true mean is no smaller.
  const bound = (target: TargetSummary, text: string) => (target.reached < 1 ? `≥ ${text}` : text);
  const columns: Column<Method>[] = [
    {
      key: `mean_of_trials_${key}`,
      label: html`mean<span class="sub">median</span>`,
      best: 'lowest',
      value: of((target) => target.meanOfTrials),
      show: show(
        (target) => html`${bound(target, fixed(target.meanOfTrials, 1))}<span class="sub">${medianText(target)}</span>`,
      ),
    },
    {
      key: `mean_curve_${key}`,
      label: 'curve',
      best: 'lowest',
      value: of((target) => target.ofMeanCurve),
      show: (method) => {
        const first = of((target) => target.ofMeanCurve)(method);
        return first == null ? html`<span class="sub">never</span>` : String(first);
      },
    },
    { key: `median_${key}`, value: of((target) => target.median) },
    { key: `lower_quartile_${key}`, value: of((target) => target.quartiles[0]) },
    { key: `upper_quartile_${key}`, value: of((target) => target.quartiles[1]) },
    {
      key: `share_reached_${key}`,
      label: 'reached',
      value: of((target) => target.reached),
      show: show((target) => `${fixed(target.reached * 100, 0)}\u00a0%`),
    },
  ];
  return [...columns, ...versusColumns(view, fraction, key, reductions)].map((column) => ({ ...column, group }));
}

/** The median of trials that mostly never got there is the budget, which tells nothing. */
function medianText({ median, reached }: TargetSummary): string {
  return reached <= 0.5 ? 'never' : fixed(median, Number.isInteger(median) ? 0 : 1);
}

function versusColumns(
  view: View,
  fraction: number,
  key: string,
  reductions: readonly RunReduction[],
): Column<Method>[] {
  const { baseline } = view;
  if (baseline === undefined || view.methods.length < 2) return [];
  const interval = (method: Method) => reductionOf(reductions, method, baseline, fraction);
  const show = (method: Method) => {
    if (method === baseline) return html`<span class="sub">baseline</span>`;
    const found = interval(method);
    const change = changeAgainst(method.summary, baseline.summary, fraction);
    if (found) return html`${signedPercent(-found.reduction)}<span class="sub">${intervalText(found)}</span>`;
    return change === undefined ? '–' : signedPercent(change);
  };
  return [
    {
      key: `change_from_${baseline.name.replaceAll(' ', '_')}_${key}`,
      label: `vs ${baseline.name}`,
      value: (method) => changeAgainst(method.summary, baseline.summary, fraction),
      show,
    },
    { key: `change_low_${key}`, value: (method) => negative(interval(method)?.high) },
    { key: `change_high_${key}`, value: (method) => negative(interval(method)?.low) },
  ];
}

/** The interval of a change in per cent, "−42 to −11". */
export function intervalText({ low, high }: RunReduction): string {
  return [-high, -low].map((share) => signedPercent(share).slice(0, -2)).join(' to ');
}

function negative(value: number | undefined): number | undefined {
  return value === undefined ? undefined : -value;
}

export function reductionOf(
  reductions: readonly RunReduction[],
  method: Method,
  baseline: Method,
  fraction: number,
): RunReduction | undefined {
  const same = (path: string, { run }: Method) => resolve(path) === resolve(run.folder);
  return reductions.find(
    (each) => each.fraction === fraction && same(each.run, method) && same(each.baseline, baseline),
  );
}

/** Evaluations of a method over those of the baseline, less one: -0.41 is 41 % fewer. */
export function changeAgainst(summary: RunSummary, baseline: RunSummary, fraction: number): number | undefined {
  const [a, b] = [summary, baseline].map((each) => targetOf(each, fraction)?.meanOfTrials);
  return a === undefined || b === undefined ? undefined : a / b - 1;
}

export function secondsColumns(stages: readonly Stage[]): Column<Method>[] {
  const shown = (value: number | undefined) => (value === undefined ? '–' : seconds(value));
  return [
    ...identity(),
    ...stages.map((stage): Column<Method> => {
      const of = ({ summary }: Method) => summary.seconds[stage.key];
      return { key: `${stage.key}_seconds`, label: stageHeader(stage), value: of, show: (method) => shown(of(method)) };
    }),
    {
      key: 'total_seconds',
      label: 'in all',
      value: ({ summary }) => totalSeconds(summary.seconds),
      show: ({ summary }) => html`<b>${seconds(totalSeconds(summary.seconds))}</b>`,
    },
    {
      key: 'seconds_per_trial',
      label: 'per trial',
      value: ({ summary }) => totalSeconds(summary.seconds) / summary.trials.done,
      show: ({ summary }) => seconds(totalSeconds(summary.seconds) / summary.trials.done),
    },
  ];
}

function stageHeader({ name, ink }: Stage): Html {
  return html`<span class="stage"><svg width="10" height="10" aria-hidden="true"><rect width="10" height="10" rx="2" fill="${ink.light}" class="f-${ink.name}"/></svg>${name}</span>`;
}

export interface CurveRow {
  readonly method: Method;
  readonly evaluations: number;
  readonly mean: number;
  readonly halfWidth: number;
}

export function curveRows(view: View): CurveRow[] {
  return view.methods.flatMap((method) => {
    const { evaluations, mean, halfWidth } = method.summary.curve;
    return evaluations.map((at, i) => ({ method, evaluations: at, mean: mean[i]!, halfWidth: halfWidth[i]! }));
  });
}

export function tauRows(view: View): CurveRow[] {
  return view.methods.flatMap((method) => method.summary.tau.map((point) => ({ method, ...point })));
}

export function curveColumns(value: string): Column<CurveRow>[] {
  return [
    { key: 'method', value: ({ method }) => method.name },
    { key: 'language_model', value: ({ method }) => method.summary.model ?? 'none' },
    { key: 'evaluations', value: ({ evaluations }) => evaluations },
    { key: `mean_${value}`, value: ({ mean }) => mean },
    { key: 'low_95', value: ({ mean, halfWidth }) => mean - halfWidth },
    { key: 'high_95', value: ({ mean, halfWidth }) => mean + halfWidth },
  ];
}
