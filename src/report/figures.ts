/** The two line figures: best so far against evaluations, and the surrogate's Kendall tau per refit. */
import * as Plot from '@observablehq/plot';
import { fixed, percent, shorten } from './format.js';
import { spread } from './labels.js';
import { draw, type Size } from './svg.js';
import { ink } from './theme.js';
import { bestOf, type Method, type View } from './view.js';

export interface Figure {
  readonly wide: string;
  /** The same for narrow screens, without names at the lines: a legend stands below. */
  readonly narrow: string;
  /** Of the wide form. */
  readonly size: Size;
  /** What it shows, for those who do not see it. */
  readonly label: string;
}

export const wideWidth = 1040;
/** What a phone has left for it beside the margins. */
export const narrowWidth = 344;
/** Pixels between names at the ends of lines. */
const nameGap = 16;
const narrowSize: Size = { width: narrowWidth, height: 300 };

export interface Point {
  readonly x: number;
  readonly mean: number;
  readonly halfWidth: number;
}

/** What a line looks like and is called. */
export type LineLook = Pick<Method, 'name' | 'ink' | 'dash' | 'languageModel'>;

export interface Line {
  readonly method: LineLook;
  readonly points: readonly Point[];
}

/** A horizontal line, with its note at the left end or, where there is no room among the curves, a short one at the right. */
interface Mark {
  readonly y: number;
  readonly note: string;
  readonly short: string;
}

export interface Axes {
  readonly xLabel: string;
  /** What x counts. */
  readonly xUnit: string;
  /** Ticks of a logarithmic axis; absent: linear. */
  readonly logTicks?: readonly number[];
  readonly yLabel: string;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly format: (value: number) => string;
  readonly marks: readonly Mark[];
  readonly dots: boolean;
}

export function curveFigure(view: View): Figure {
  const { objective, methods } = view;
  const lines = methods.map((method): Line => {
    const { evaluations, mean, halfWidth } = method.summary.curve;
    return { method, points: evaluations.map((x, i) => ({ x, mean: mean[i]!, halfWidth: halfWidth[i]! })) };
  });
  const targets = view.fractions.map((fraction) => ({
    y: fraction * objective.best,
    note: `${percent(fraction)} of the best`,
    short: percent(fraction),
  }));
  const top = bestOf(view);
  const where = objective.kind === 'command' ? 'best that was found' : 'best in the table';
  const best = { y: top, note: `${where}: ${fixed(top, view.decimals)}`, short: 'best' };
  const marks = [...targets, best];
  const ends = methods.map(({ name, summary }) => `${name} ${fixed(summary.curve.mean.at(-1)!, view.decimals)}`);
  const label = `Best ${objective.metric} so far against evaluations. After the last one: ${ends.join(', ')}.`;
  return lineFigures(lines, label, {
    xLabel: 'evaluations',
    xUnit: 'evaluations',
    yLabel: `best ${objective.metric} so far`,
    x: [1, view.budget],
    y: zoom(lines, marks, view.budget),
    format: (value) => fixed(value, Math.max(0, view.decimals - 1)),
    marks,
    dots: false,
  });
}

/** Undefined where no run has a surrogate whose quality was measured. */
export function tauFigure(view: View): Figure | undefined {
  const lines = view.methods
    .filter(({ summary }) => summary.tau.length > 0)
    .map(
      (method): Line => ({
        method,
        points: method.summary.tau.map(({ evaluations, ...rest }) => ({ x: evaluations, ...rest })),
      }),
    );
  if (lines.length === 0) return undefined;
  const all = lines.flatMap(({ points }) => points);
  const low = Math.min(...all.map(({ mean, halfWidth }) => mean - halfWidth));
  const high = Math.max(...all.map(({ mean, halfWidth }) => mean + halfWidth));
  const xs = all.map(({ x }) => x);
  const last = lines.map(({ method, points }) => `${method.name} ${points.at(-1)!.mean.toFixed(2)}`);
  return lineFigures(
    lines,
    `Kendall tau of the surrogate against evaluations known. At the last refit: ${last.join(', ')}.`,
    {
      xLabel: 'evaluations known at the refit',
      xUnit: 'evaluations',
      yLabel: 'Kendall τ on architectures not evaluated',
      x: [Math.min(...xs), Math.max(...xs, Math.min(...xs) + 1)],
      y: [Math.max(-1, Math.floor(low * 10) / 10), Math.min(1, Math.ceil(high * 10) / 10)],
      format: (value) => value.toFixed(1),
      marks: [],
      dots: true,
    },
  );
}

/**
 * The range of the means once the random start is over (an eighth of the budget), up to the best in the table: before that
 * all methods rise steeply from the same few values, and showing it would flatten what differs.
 */
function zoom(lines: readonly Line[], marks: Axes['marks'], budget: number): [number, number] {
  const start = Math.max(2, Math.round(budget / 8));
  const settled = lines.map(({ points }) => points.find(({ x }) => x >= start) ?? points.at(-1)!);
  const low = Math.min(...settled.map(({ mean }) => mean), ...marks.map(({ y }) => y));
  const high = Math.max(...lines.flatMap(({ points }) => points.map(({ mean }) => mean)), ...marks.map(({ y }) => y));
  const margin = (high - low) * 0.06 || Math.abs(high) * 0.01 || 1;
  return [low - margin, high + margin];
}

export function lineFigures(lines: readonly Line[], label: string, axes: Axes): Figure {
  // Tall enough for all the names one below the other.
  const size = { width: wideWidth, height: Math.max(450, 80 + nameGap * lines.length) };
  return {
    wide: lineFigure(lines, label, axes, size, true),
    narrow: lineFigure(lines, label, axes, narrowSize, false),
    size,
    label,
  };
}

function lineFigure(lines: readonly Line[], label: string, axes: Axes, size: Size, named: boolean): string {
  const longest = Math.max(...lines.map(({ method }) => shorten(method.name).length));
  const margin = {
    top: 28,
    bottom: 40,
    left: 52,
    right: named ? 56 + longest * 7.2 : axes.marks.length > 0 ? 52 : 12,
  };
  // The best method is drawn last, over the others.
  const fromLast = lines.slice().reverse();
  const options: Plot.PlotOptions = {
    marginTop: margin.top,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    marginRight: margin.right,
    x: { domain: axes.x.slice(), label: null, ...(axes.logTicks && { type: 'log' }) },
    y: { domain: axes.y.slice(), label: null },
    marks: [
      Plot.gridY({ ticks: 6, stroke: ink.grid.light, strokeOpacity: 1 }),
      Plot.axisY({ tickSize: 0, tickPadding: 8, ticks: 6, tickFormat: axes.format, fill: ink.muted.light }),
      Plot.axisX({
        tickSize: 0,
        tickPadding: 8,
        fill: ink.muted.light,
        ...(axes.logTicks ? { ticks: axes.logTicks.slice(), tickFormat: String } : { ticks: named ? 8 : 5 }),
      }),
      Plot.text([axes.yLabel], { ...corner('top-left', -margin.left + 8, -margin.top + 6), fill: ink.muted.light }),
      Plot.text([axes.xLabel], { ...corner('bottom-right', 0, margin.bottom - 8), fill: ink.muted.light }),
      ...axes.marks.flatMap((mark) => targetMark(mark, axes, named)),
      ...fromLast.map((line) => band(line, axes, Math.min(0.14, 0.5 / lines.length))),
      ...fromLast.flatMap((line) => lineMarks(line, axes)),
      ...(named ? nameMarks(lines, axes, size, margin) : []),
    ],
  };
  return draw(options, size, label);
}

function corner(frameAnchor: Plot.TextOptions['frameAnchor'], dx: number, dy: number): Plot.TextOptions {
  const [vertical, horizontal] = String(frameAnchor).split('-');
  return {
    frameAnchor: frameAnchor!,
    dx,
    dy,
    textAnchor: horizontal === 'left' ? 'start' : 'end',
    lineAnchor: vertical === 'top' ? 'top' : 'bottom',
  };
}

function targetMark({ y, note, short }: Mark, { x }: Axes, inside: boolean): Plot.Markish[] {
  const rule = Plot.ruleY([y], { stroke: ink.muted.light, strokeOpacity: 0.7, strokeDasharray: '1 3' });
  const place = inside ? ({ x: x[0], dx: 4, dy: -3, lineAnchor: 'bottom' } as const) : { x: x[1], dx: 5 };
  const style = { y, textAnchor: 'start', fontSize: 11, fill: ink.muted.light } as const;
  return [rule, Plot.text([inside ? note : short], { ...place, ...style })];
}

function band({ method, points }: Line, { y: [low, high] }: Axes, fillOpacity: number): Plot.Markish {
  const inside = (value: number) => Math.max(low, Math.min(high, value));
  // From one evaluation before the line comes into the frame: the few of the start have bands as high as the whole figure.
  const from = Math.max(0, points.findIndex(({ mean }) => mean >= low) - 1);
  return Plot.areaY(points.slice(from), {
    x: 'x',
    y1: (point: Point) => inside(point.mean - point.halfWidth),
    y2: (point: Point) => inside(point.mean + point.halfWidth),
    fill: method.ink.light,
    fillOpacity,
  });
}

function lineMarks({ method, points }: Line, axes: Axes): Plot.Markish[] {
  const shown = enterFrom(points, axes.y[0]);
  const stroke = method.ink.light;
  const line = Plot.lineY(shown, {
    x: 'x',
    y: 'mean',
    stroke,
    strokeLinejoin: 'round',
    ...lineStyle(method),
  });
  if (!axes.dots) return [line];
  const title = (point: Point) => `${method.name}, ${point.x} ${axes.xUnit}: ${point.mean.toFixed(3)}`;
  return [line, Plot.dot(points, { x: 'x', y: 'mean', r: 2.25, fill: stroke, title })];
}

/** The part of a line from where it crosses the lower edge of the frame. */
function enterFrom(points: readonly Point[], low: number): Point[] {
  const first = points.findIndex(({ mean }) => mean >= low);
  if (first <= 0) return first === 0 ? points.slice() : [];
  const [a, b] = [points[first - 1]!, points[first]!];
  const share = (low - a.mean) / (b.mean - a.mean);
  return [{ x: a.x + share * (b.x - a.x), mean: low, halfWidth: 0 }, ...points.slice(first)];
}

function nameMarks(
  lines: readonly Line[],
  axes: Axes,
  size: Size,
  margin: { top: number; bottom: number; left: number; right: number },
): Plot.Markish[] {
  const [low, high] = axes.y;
  const bottom = size.height - margin.bottom;
  const perPixel = (high - low) / (bottom - margin.top);
  const toPixel = (value: number) => margin.top + (high - Math.max(low, value)) / perPixel;
  const width = size.width - margin.left - margin.right;
  const [left, right] = axes.x;
  const wanted = lines.map(({ points }) => toPixel(points.at(-1)!.mean));
  return spread(wanted, nameGap, margin.top, bottom).flatMap(({ index, y }) => {
    const { method, points } = lines[index]!;
    const end = points.at(-1)!;
    const at = high - (y - margin.top) * perPixel;
    const past = (pixels: number) =>
      axes.logTicks ? right * (right / left) ** (pixels / width) : right + (pixels / width) * (right - left);
    const stroke = method.ink.light;
    const leader = [{ x1: end.x, y1: Math.max(low, end.mean), x2: past(14), y2: at }];
    const key = [{ x1: past(14), y1: at, x2: past(36), y2: at }];
    const ends = { x1: 'x1', y1: 'y1', x2: 'x2', y2: 'y2', stroke };
    return [
      Plot.link(leader, { ...ends, strokeOpacity: 0.5, strokeWidth: 1 }),
      Plot.link(key, { ...ends, ...lineStyle(method) }),
      Plot.text([shorten(method.name)], {
        x: right,
        y: at,
        dx: 42,
        textAnchor: 'start',
        fontWeight: 600,
        fill: ink.text.light,
      }),
    ];
  });
}

function lineStyle({ languageModel, dash }: LineLook): { strokeWidth: number; strokeDasharray?: string } {
  return { strokeWidth: languageModel ? 2.25 : 1.75, ...(dash === undefined ? {} : { strokeDasharray: dash }) };
}
