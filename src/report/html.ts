/** HTML by tagged template: what is put in is escaped unless it is HTML already, so no name or path can break a page. */
import { escapeXml } from './svg.js';

export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | readonly Part[];

export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  // A line never breaks between a number and its per cent sign.
  const fixed = strings.map((text) => text.replace(/(\d) %/g, '$1\u00a0%'));
  return new Html(fixed.map((text, i) => text + (i < parts.length ? render(parts[i]) : '')).join(''));
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  return typeof part === 'object' ? part.map(render).join('') : escapeXml(String(part));
}
