/** Observable Plot without a browser, and what its figures need to live in a page or alone: dark classes, a name, a ground. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { allInks, darkRules, fontFamily, ink } from './theme.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The part of the DOM that is used on a drawn figure. */
interface DrawnElement {
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<DrawnElement>;
  remove(): void;
}

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** An `<svg>` element as text, to stand in a page whose style sheet holds `darkRules`. `label` is what it tells those who do not see it. */
export function draw(options: Plot.PlotOptions, { width, height }: Size, label: string): string {
  const svg = Plot.plot({
    ...options,
    document: document as never,
    width,
    height,
    className: 'plot',
    style: { fontFamily, fontSize: '12px' } as never,
  }) as unknown as DrawnElement;
  for (const style of svg.querySelectorAll('style')) style.remove();
  for (const element of [svg, ...svg.querySelectorAll('*')]) classify(element);
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  // The serialiser escapes quotes in attributes, and nothing else.
  svg.setAttribute('aria-label', escapeXml(label));
  svg.setAttribute('font-size', '12');
  svg.setAttribute('font-family', fontFamily);
  svg.removeAttribute('style');
  svg.removeAttribute('height');
  svg.setAttribute('height', String(height));
  return svg.outerHTML;
}

function classify(element: DrawnElement): void {
  const classes: string[] = [];
  for (const [attribute, prefix] of [
    ['fill', 'f'],
    ['stroke', 's'],
  ] as const) {
    const value = element.getAttribute(attribute);
    // currentColor would follow the page; a figure that stands alone has none to follow.
    if (value === 'currentColor') element.setAttribute(attribute, ink.text.light);
    const found = allInks.find(({ light }) => light === element.getAttribute(attribute));
    if (found) classes.push(`${prefix}-${found.name}`);
  }
  if (classes.length > 0) element.setAttribute('class', classes.join(' '));
}

/** A figure as a file of its own: with its title, on its own ground, light or dark as the reader's system is. */
export function standAlone(figure: { wide: string; size: Size }, title: string, subtitle: string): string {
  const { width, height } = figure.size;
  const head = 64;
  const foot = 12;
  const side = 16;
  const inner = figure.wide.replace('<svg ', `<svg x="${side}" y="${head}" `);
  const [outerWidth, outerHeight] = [width + 2 * side, height + head + foot];
  const attributes = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${outerWidth} ${outerHeight}"`;
  return [
    `<svg ${attributes} width="${outerWidth}" height="${outerHeight}" font-family="${escapeXml(fontFamily)}">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${darkRules()}</style>`,
    `<rect width="100%" height="100%" rx="8" fill="${ink.surface.light}" class="f-surface"/>`,
    `<text x="24" y="30" font-size="16" font-weight="600" fill="${ink.text.light}" class="f-text">${escapeXml(title)}</text>`,
    `<text x="24" y="50" font-size="12.5" fill="${ink.muted.light}" class="f-muted">${escapeXml(subtitle)}</text>`,
    inner,
    '</svg>\n',
  ].join('');
}

export function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
