/** What every report's page has around its content: no script, nothing from elsewhere, light and dark. */
import type { Figure, LineLook } from './figures.js';
import { Html, html } from './html.js';
import { styleSheet } from './style.js';
import type { RunManifest } from './types.js';

export function document(title: string, main: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html(styleSheet())}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`.text;
}

/** The wide form, or on a narrow screen the narrow one with its legend. */
export function figure({ wide, narrow }: Figure, legend: Html, caption: Html, legendAlways = false): Html {
  return html`<figure>
${legendAlways ? legend : ''}
<div class="wide">${new Html(wide)}</div>
<div class="narrow">${new Html(narrow)}${legendAlways ? '' : legend}</div>
<figcaption>${caption}</figcaption>
</figure>`;
}

export function lineLegend(methods: readonly LineLook[]): Html {
  const items = methods.map(
    ({ name, ink, dash, languageModel }) => html`<li>${swatch(ink.name, ink.light, dash, languageModel)}${name}</li>`,
  );
  return html`<ul class="legend">${items}</ul>`;
}

export function swatch(name: string, colour: string, dash: string | undefined, languageModel: boolean): Html {
  const dashes = dash === undefined ? html`` : html` stroke-dasharray="${dash}"`;
  return html`<svg class="swatch" width="26" height="10" viewBox="0 0 26 10" aria-hidden="true"><path d="M0 5H26" stroke="${colour}" class="s-${name}" stroke-width="${languageModel ? 3 : 2.25}"${dashes}/></svg>`;
}

/** Links that carry their files, so that the page needs none beside it. */
export function downloads(files: ReadonlyMap<string, string>, ...names: string[]): Html {
  const types: Record<string, string> = { csv: 'text/csv', svg: 'image/svg+xml' };
  return html`<p class="downloads">${names.map((name) => {
    const kind = name.slice(-3);
    const data = Buffer.from(files.get(name)!).toString('base64');
    return html`<a download="${name}" href="data:${types[kind]};base64,${data}" aria-label="Download ${name}">${kind.toUpperCase()}</a>`;
  })}</p>`;
}

/** The command of every run, and what it ran on. */
export function reproduce(runs: readonly { readonly title: Html; readonly manifest: RunManifest }[]): Html {
  const manifests = runs.map(({ manifest }) => manifest);
  const distinct = (texts: string[]) => [...new Set(texts)];
  const cpus = distinct(manifests.map(({ cpu }) => `${cpu.model}, ${cpu.cores} cores${cpu.isa ? `, ${cpu.isa}` : ''}`));
  const versions = distinct(manifests.map((manifest) => pairs(manifest.versions)));
  return html`<section class="card runs" aria-labelledby="reproduce">
<h2 id="reproduce">Reproduce</h2>
<p class="note">Each command repeats its run to the bit on the same instruction set, for any number of workers.</p>
${runs.map(({ title, manifest }) => html`<h3>${title}</h3><pre><code>${manifest.command}</code></pre>`)}
<footer>${cpus.map((cpu) => html`<p>${cpu}</p>`)}${versions.map((line) => html`<p>${line}</p>`)}</footer>
</section>`;
}

function pairs(record: Readonly<Record<string, string>>): string {
  return Object.entries(record)
    .map(([name, version]) => `${name} ${version}`)
    .join(' · ');
}
