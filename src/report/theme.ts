/**
 * Colours of figures, each with a light and a dark form. In a figure the light one is a plain attribute, so that any SVG
 * program shows it; a class beside it lets one style sheet turn the figure dark. The six method colours keep a distance
 * of at least 0.08 in OKLab from each other for people with protan, deutan and tritan vision too, and 3:1 contrast.
 */
export interface Ink {
  readonly name: string;
  readonly light: string;
  readonly dark: string;
}

export const ink = {
  surface: { name: 'surface', light: '#ffffff', dark: '#12161c' },
  text: { name: 'text', light: '#1b2027', dark: '#e8ecf1' },
  muted: { name: 'muted', light: '#5c6672', dark: '#9ba6b3' },
  grid: { name: 'grid', light: '#e6e9ed', dark: '#262d36' },
  plain: { name: 'plain', light: '#66707d', dark: '#a3adb9' },
} satisfies Record<string, Ink>;

export const methodInks: readonly Ink[] = [
  { name: 'blue', light: '#2450cf', dark: '#5b8def' },
  { name: 'orange', light: '#df4a0a', dark: '#f9a35a' },
  { name: 'green', light: '#0a8f55', dark: '#34e0ae' },
  { name: 'magenta', light: '#ad3a86', dark: '#dd4fa4' },
  { name: 'sky', light: '#0b9dda', dark: '#b7bdf5' },
  { name: 'indigo', light: '#371764', dark: '#f3e55a' },
];

/** In the order of the work; the language model and the head stand out, for they are what there is to save. */
export const stageInks: Readonly<Record<string, Ink>> = {
  sampling: { name: 'sampling', light: '#7fa99b', dark: '#5f8a7c' },
  rendering: { name: 'rendering', light: '#b9a7d6', dark: '#8d7ab0' },
  tokenising: { name: 'tokenising', light: '#7c62b0', dark: '#b49be6' },
  languageModel: { name: 'lm', light: '#2f66c4', dark: '#6c9bf0' },
  head: { name: 'head', light: '#e0853a', dark: '#f0a05f' },
  rest: { name: 'rest', light: '#b4bcc6', dark: '#5b6672' },
};

export const allInks: readonly Ink[] = [...Object.values(ink), ...methodInks, ...Object.values(stageInks)];

/** Rules that give the classes set by `svg.ts` their dark colours. */
export function darkRules(): string {
  const rules = allInks.flatMap(({ name, dark }) => [`.f-${name}{fill:${dark}}`, `.s-${name}{stroke:${dark}}`]);
  return `@media (prefers-color-scheme:dark){${rules.join('')}}`;
}

/** The font of the figures and of the page. */
export const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
