/** The style sheet of a report: light or dark as the reader's system is, one column, tables that scroll by themselves. */
import { darkRules, fontFamily } from './theme.js';

export function styleSheet(): string {
  return css.replace(/\n\s*/g, '') + darkRules();
}

const css = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --surface: #ffffff; --text: #1b2027; --muted: #5c6672; --line: #e1e5ea;
  --accent: #0b5ccc; --tint: #eef5ff; --notice: #fff6e0; --notice-line: #e3b341;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0b0e12; --surface: #12161c; --text: #e8ecf1; --muted: #9ba6b3; --line: #262d36;
    --accent: #79b0ff; --tint: #15243a; --notice: #2b2410; --notice-line: #8f6f1c;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 ${fontFamily}; font-variant-numeric: tabular-nums;
}
main { max-width: 1140px; margin: 0 auto; padding: 48px 24px 64px; }
h1, h2, h3, p, figure, dl, dd, ul, pre { margin: 0; }
h1 { font-size: 32px; line-height: 1.2; letter-spacing: -0.02em; font-weight: 700; text-wrap: balance; overflow-wrap: anywhere; }
h2 { font-size: 20px; line-height: 1.3; letter-spacing: -0.01em; font-weight: 650; }
h3 { font-size: 15px; font-weight: 600; }
a { color: var(--accent); text-underline-offset: 2px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 13px; }
.eyebrow { margin-bottom: 8px; color: var(--muted); font-size: 14px; }
.lead { margin-top: 16px; max-width: 68ch; font-size: 18px; line-height: 1.5; }
.sub { color: var(--muted); font-size: 12.5px; font-weight: 400; }
td .sub, thead .sub { display: block; line-height: 1.3; font-size: 12px; }
.none { white-space: nowrap; }
.card {
  margin-top: 24px; padding: 24px; background: var(--surface);
  border: 1px solid var(--line); border-radius: 12px;
}
.card > h2 + p, .card > h2 + .scroll { margin-top: 4px; }
.note { max-width: 78ch; color: var(--muted); font-size: 14px; }
.notice { margin-top: 24px; padding: 12px 16px; background: var(--notice); border: 1px solid var(--notice-line); border-radius: 8px; font-size: 15px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 20px 32px; margin-top: 28px; }
.facts .full { grid-column: 1 / -1; }
dt { color: var(--muted); font-size: 13px; }
dd { overflow-wrap: anywhere; }
.facts dd { font-weight: 600; }
.facts dd .sub { display: block; max-width: 78ch; line-height: 1.45; }
figure { margin-top: 16px; }
figure svg { display: block; max-width: 100%; height: auto; }
figcaption { margin-top: 12px; max-width: 78ch; color: var(--muted); font-size: 14px; }
.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; padding: 0; list-style: none; font-size: 13.5px; }
.legend.stages { margin-top: 8px; }
.legend li, .stage, .method { display: inline-flex; align-items: center; gap: 8px; }
.stage { gap: 6px; white-space: nowrap; }
.stage svg, .swatch { flex: none; }
.downloads { margin-top: 12px; font-size: 13.5px; }
.downloads a + a { margin-left: 16px; }
.scroll { margin-top: 16px; overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; line-height: 1.35; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { padding: 8px 7px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: middle; }
thead th { color: var(--muted); font-size: 13px; font-weight: 500; vertical-align: top; }
.groups th { color: var(--text); font-weight: 600; text-align: center; }
.groups td { border-bottom: 0; }
.groups th { padding-bottom: 4px; }
.start { padding-left: 16px; }
tr > :first-child { position: sticky; left: 0; padding-left: 8px; text-align: left; font-weight: 400; background: var(--surface); }
tbody tr:last-child > * { border-bottom: 0; }
.winner > *, .winner > :first-child { background: var(--tint); }
.method { gap: 10px; }
.method b { display: inline-block; max-width: 240px; font-weight: 600; white-space: normal; vertical-align: top; }
.tag { padding: 1px 7px; border: 1px solid var(--notice-line); border-radius: 99px; background: var(--notice); font-size: 12px; font-weight: 500; }
.tag.best { border-color: transparent; background: var(--accent); color: var(--surface); }
.notes { padding-left: 20px; max-width: 78ch; font-size: 15px; overflow-wrap: anywhere; }
.notes li { margin-top: 8px; }
details { margin-top: 16px; }
summary { cursor: pointer; color: var(--accent); font-size: 14.5px; width: fit-content; }
.settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 10px 24px; margin-top: 12px; font-size: 14px; }
.runs > h3 { margin-top: 20px; }
pre { margin-top: 6px; padding: 12px 14px; background: var(--page); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 32px; color: var(--muted); font-size: 13.5px; overflow-wrap: anywhere; }
@media (max-width: 700px) {
  main { padding: 28px 14px 40px; }
  h1 { font-size: 25px; }
  .lead { font-size: 16.5px; }
  .card { padding: 18px 14px; }
  .wide { display: none; }
  .narrow { display: block; }
  .facts { grid-template-columns: 1fr 1fr; gap: 16px; }
  tr > :first-child { max-width: 46vw; white-space: normal; }
}
@media print {
  body { background: none; }
  .card { break-inside: avoid; border: 0; padding: 0; }
  .downloads { display: none; }
}
`;
