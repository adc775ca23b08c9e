/** The sentences of a report that depend on its runs: the finding at the top and the notes at the end. */
import { enumerate, fixed, percent, signedPercent } from './format.js';
import { type Html, html } from './html.js';
import { changeAgainst, intervalText, reductionOf } from './tables.js';
import type { RunReduction } from './types.js';
import { type Method, targetOf, type View } from './view.js';

/** What the runs show, in two or three sentences. Says so too where a method without a language model is ahead. */
export function finding(view: View, reductions: readonly RunReduction[]): Html {
  const { methods, mainFraction, baseline } = view;
  const first = methods[0]!;
  const target = targetOf(first.summary, mainFraction);
  if (target === undefined || mainFraction === undefined || target.reached === 0) {
    const end = fixed(first.summary.curve.mean.at(-1)!, view.decimals);
    const goal =
      mainFraction === undefined ? '' : `No trial reached ${percent(mainFraction)} of the best value in the table. `;
    return html`${goal}<b>${first.name}</b> ended highest: ${end} on average.`;
  }
  const change =
    baseline && baseline !== first ? changeAgainst(first.summary, baseline.summary, mainFraction) : undefined;
  const known = change === undefined ? undefined : reductionOf(reductions, first, baseline!, mainFraction);
  const interval = known ? `, 95\u00a0% interval ${intervalText(known)}` : '';
  const versus =
    change === undefined
      ? ''
      : `, against ${needs(baseline!, mainFraction)} for ${baseline!.name} (${signedPercent(change)}${interval})`;
  const rival = methods.find(({ languageModel }) => languageModel !== first.languageModel);
  const kind = first.languageModel ? 'without a language model' : 'with a language model';
  const other =
    rival === undefined || (rival === baseline && change !== undefined)
      ? ''
      : html` The best method ${kind}, <b>${rival.name}</b>, needs ${needs(rival, mainFraction)}.`;
  const remark = first.languageModel ? '' : ' (no language model)';
  return html`<b>${first.name}</b>${remark} reaches ${percent(mainFraction)} of the best value in the table after ${needs(first, mainFraction)} evaluations on average${versus}.${other}`;
}

function needs(method: Method, fraction: number): string {
  const target = targetOf(method.summary, fraction);
  if (target === undefined) return 'an unknown number';
  return `${target.reached < 1 ? 'at least ' : ''}${fixed(target.meanOfTrials, 1)}`;
}

export function notes(view: View): Html[] {
  const { objective, methods, pending, baseline } = view;
  const list = [
    oneMetric(view),
    html`Evaluations are counted from 1. <b>mean</b> is the mean over trials of the first evaluation at which the best so far reaches the target; a trial that never gets there counts with the whole budget, so the number is a lower bound then (≥). <b>curve</b> is the first evaluation at which the mean curve is there. <b>reached</b> is the share of trials that got there. Methods are sorted by the first of these${view.mainFraction === undefined ? '' : ` at ${percent(view.mainFraction)}`}.`,
    html`Bands and ± are 95 % confidence intervals of the mean over trials (Student’s t), pointwise.`,
  ];
  if (baseline)
    list.push(
      html`<b>vs ${baseline.name}</b> compares the means over trials: −25 % is a quarter fewer evaluations. Trials that never got there count with the budget here too.`,
    );
  const seeds = new Set(methods.map(({ summary }) => summary.seed));
  if (methods.length > 1 && seeds.size === 1)
    list.push(
      html`All runs have the same seed, so trial 1 of each starts from the same random architectures, and so on.`,
    );
  list.push(misses(view));
  list.push(...early(methods));
  list.push(
    html`Seconds are summed over the trials of a run, on the machine named below; trials that run side by side add up to more than the clock shows. Embeddings found in the cache cost nothing, so a run after another on the same architectures spends less on the language model.`,
  );
  const budgets = [...new Set(methods.map(({ summary }) => summary.budget))];
  if (budgets.length > 1)
    list.push(
      html`The runs have different budgets (${enumerate(methods.map(({ name, summary }) => `${name} ${summary.budget}`))}): means over trials that did not reach a target are not comparable between them.`,
    );
  const rivals = methods.filter(({ languageModel }) => !languageModel);
  if (rivals.length === 0)
    list.push(
      html`No method without a language model is among the runs: add <code>path</code>, <code>ngrams</code> or <code>random</code> before drawing conclusions.`,
    );
  if (pending.length > 0)
    list.push(
      html`No finished trial yet, so not shown: ${enumerate(pending.map(({ folder }) => folder))}. The same command goes on where it stopped.`,
    );
  list.push(html`sha256 of the ${sourceOf(view)}: <code>${objective.hash}</code>`);
  return list;
}

/** Where values come from, in a word. */
function sourceOf({ objective }: View): string {
  return objective.kind === 'command' ? 'command' : 'table';
}

function oneMetric(view: View): Html {
  const { objective } = view;
  const others = objective.metrics.filter((name) => name !== objective.metric);
  if (others.length === 0)
    return html`The ${sourceOf(view)} has a single metric, ${objective.metric}: the best architecture of a search is chosen and scored on the same number. That favours no method over another, but the values are not estimates of accuracy on unseen data.`;
  return html`The searches see ${objective.metric}, and the best so far is scored on it too; the ${sourceOf(view)} also gives ${enumerate(others)}, which no search looked at.`;
}

function misses({ methods, objective }: View): Html {
  const what =
    objective.kind === 'command'
      ? 'architectures without a value because their training was invalid or failed'
      : 'architectures asked for that the table lacks';
  const some = methods.filter(({ summary }) => summary.misses > 0);
  if (some.length === 0) return html`Misses (${what}): none.`;
  return html`Misses (${what}; each is counted once and is no evaluation): ${enumerate(some.map(({ name, summary }) => `${name} ${summary.misses}`))}.`;
}

const reasons: Readonly<Record<string, string>> = {
  space: 'the space had no more architectures',
  misses: 'the table holds hardly any of the space',
};

function early(methods: readonly Method[]): Html[] {
  return methods.flatMap(({ name, summary }) =>
    Object.entries(summary.ended)
      .filter(([, count]) => count > 0)
      .map(
        ([reason, count]) =>
          html`${count} of the trials of ${name} ended before their budget: ${reasons[reason] ?? reason}. They keep their last value to its end.`,
      ),
  );
}

/** One line where a run is not complete; undefined where all are. */
export function partialNotice({ methods, pending }: View): Html | undefined {
  const partial = methods.filter((method) => method.partial);
  if (partial.length + pending.length === 0) return undefined;
  const counts = partial.map(({ name, summary: { trials } }) => `${name} (${trials.done} of ${trials.planned} trials)`);
  const waiting =
    pending.length === 0 ? [] : [`${pending.length} ${pending.length > 1 ? 'runs' : 'run'} without a finished trial`];
  return html`<b>Partial.</b> Not finished: ${enumerate([...counts, ...waiting])}. What is there is shown.`;
}
