/** Seconds by stage: which stages there are, and their stacked bars. */
import * as Plot from '@observablehq/plot';
import { type Figure, narrowWidth, wideWidth } from './figures.js';
import { seconds, shorten } from './format.js';
import { draw } from './svg.js';
import { type Ink, ink, stageInks } from './theme.js';
import type { View } from './view.js';

export interface Stage {
  readonly key: string;
  readonly name: string;
  readonly ink: Ink;
}

const names: Readonly<Record<string, string>> = { languageModel: 'language model' };

/** The known stages that took any time, in the order of the work, then unknown ones. */
export function stagesOf(view: View): Stage[] {
  const entries = view.methods.flatMap(({ summary }) => Object.entries(summary.seconds));
  const keys = new Set(entries.filter(([, value]) => value > 0).map(([key]) => key));
  const known = Object.keys(stageInks).filter((key) => keys.has(key));
  const others = [...keys].filter((key) => !known.includes(key)).sort();
  return [...known, ...others].map((key) => ({ key, name: names[key] ?? key, ink: stageInks[key] ?? stageInks.rest! }));
}

export function totalSeconds(record: Readonly<Record<string, number>>): number {
  return Object.values(record).reduce((sum, value) => sum + value, 0);
}

export function stageFigure(view: View): Figure {
  const label = `Seconds by stage. In all: ${view.methods
    .map(({ name, summary }) => `${name} ${seconds(totalSeconds(summary.seconds))}`)
    .join(', ')}.`;
  const size = { width: wideWidth, height: heightOf(view, true) };
  return { wide: bars(view, label, wideWidth, true), narrow: bars(view, label, narrowWidth, false), size, label };
}

function heightOf(view: View, wide: boolean): number {
  return 46 + (wide ? 34 : 46) * view.methods.length;
}

function bars(view: View, label: string, width: number, wide: boolean): string {
  const rows = view.methods.flatMap(({ name, summary }) => {
    let from = 0;
    return stagesOf(view).map((stage) => {
      const x1 = from;
      from += summary.seconds[stage.key] ?? 0;
      return { name, stage, x1, x2: from };
    });
  });
  const totals = view.methods.map(({ name, summary }) => ({ name, total: totalSeconds(summary.seconds) }));
  const longest = Math.max(...totals.map(({ name }) => shorten(name).length));
  const options: Plot.PlotOptions = {
    marginTop: wide ? 8 : 4,
    marginBottom: 38,
    marginLeft: wide ? 24 + longest * 8 : 12,
    marginRight: 64,
    x: { label: null, domain: [0, Math.max(...totals.map(({ total }) => total)) || 1] },
    y: { domain: view.methods.map(({ name }) => name), label: null, axis: null, padding: wide ? 0.35 : 0.6 },
    marks: [
      Plot.gridX({ ticks: wide ? 8 : 4, stroke: ink.grid.light, strokeOpacity: 1 }),
      Plot.axisX({ tickSize: 0, tickPadding: 8, ticks: wide ? 8 : 4, fill: ink.muted.light }),
      Plot.text(['seconds'], { frameAnchor: 'bottom-right', dy: 32, textAnchor: 'end', fill: ink.muted.light }),
      ...(wide
        ? [Plot.axisY({ tickSize: 0, tickPadding: 12, tickFormat: shorten, fill: ink.text.light, fontWeight: 600 })]
        : [
            Plot.text(totals, {
              x: 0,
              y: 'name',
              text: ({ name }) => shorten(name),
              dy: -17,
              textAnchor: 'start',
              fill: ink.text.light,
              fontWeight: 600,
            }),
          ]),
      ...rows.map((row) =>
        Plot.barX([row], {
          x1: 'x1',
          x2: 'x2',
          y: 'name',
          fill: row.stage.ink.light,
          title: () => `${row.name}, ${row.stage.name}: ${seconds(row.x2 - row.x1)} s`,
        }),
      ),
      Plot.text(totals, {
        x: 'total',
        y: 'name',
        text: ({ total }) => `${seconds(total)} s`,
        dx: 6,
        textAnchor: 'start',
        fill: ink.muted.light,
      }),
    ],
  };
  return draw(options, { width, height: heightOf(view, wide) }, label);
}
