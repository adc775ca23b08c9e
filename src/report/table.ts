/** One definition of a table for both its forms: HTML with grouped headers, and CSV with full precision. */
import { type Html, html } from './html.js';

export interface Column<Row> {
  /** Name in the CSV file. */
  readonly key: string;
  /** Header in the page; absent: in the CSV file only. */
  readonly label?: Html | string;
  /** Neighbours of one group stand under one header. */
  readonly group?: string;
  readonly value: (row: Row) => string | number | null | undefined;
  /** As shown; the first column is the header of its row. */
  readonly show?: (row: Row) => Html | string;
  /** The cells with the best value are set bold. */
  readonly best?: 'lowest' | 'highest';
}

export function csvText<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map(({ key }) => key), ...rows.map((row) => columns.map(({ value }) => value(row)))];
  return `${lines.map((line) => line.map(csvCell).join(',')).join('\n')}\n`;
}

function csvCell(value: string | number | null | undefined): string {
  const text = String(value ?? '');
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export interface TableLook<Row> {
  readonly caption: string;
  /** Class of a row, such as `winner`. */
  readonly rowClass?: (row: Row, index: number) => string;
}

export function tableHtml<Row>(rows: readonly Row[], all: readonly Column<Row>[], look: TableLook<Row>): Html {
  const columns = all.filter(({ label }) => label !== undefined);
  const best = new Map(columns.map((column) => [column, bestOf(rows, column)]));
  // A table wider than its page scrolls by itself, with the keyboard too: hence the tab stop and the name.
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${look.caption}"><table>
<caption>${look.caption}</caption>
<thead>${headers(columns)}</thead>
<tbody>${rows.map(
    (row, i) => html`<tr class="${look.rowClass?.(row, i) ?? ''}">${columns.map((column, at) => {
      const shown = column.show?.(row) ?? String(column.value(row) ?? '–');
      if (at === 0) return html`<th scope="row">${shown}</th>`;
      const value = column.value(row);
      const bold = rows.length > 1 && value != null && value === best.get(column);
      return html`<td class="${startsGroup(columns, at) ? 'start' : ''}">${bold ? html`<strong>${shown}</strong>` : shown}</td>`;
    })}</tr>
`,
  )}</tbody></table></div>`;
}

function headers<Row>(columns: readonly Column<Row>[]): Html {
  const single = columns.map(({ label }, at) => {
    const start = startsGroup(columns, at) ? 'start' : '';
    return html`<th scope="col" class="${start}">${label}</th>`;
  });
  if (columns.every(({ group }) => group === undefined)) return html`<tr>${single}</tr>`;
  const groups: { name: string | undefined; span: number }[] = [];
  for (const { group } of columns) {
    const last = groups.at(-1);
    if (last && last.name === group) last.span++;
    else groups.push({ name: group, span: 1 });
  }
  const top = groups.map(({ name, span }, i) =>
    name === undefined
      ? html`<td colspan="${span}"></td>`
      : html`<th scope="colgroup" colspan="${span}" class="${i > 0 ? 'start' : ''}">${name}</th>`,
  );
  return html`<tr class="groups">${top}</tr><tr>${single}</tr>`;
}

function startsGroup<Row>(columns: readonly Column<Row>[], at: number): boolean {
  return at > 0 && columns[at]!.group !== undefined && columns[at]!.group !== columns[at - 1]!.group;
}

function bestOf<Row>(rows: readonly Row[], column: Column<Row>): number | undefined {
  const values = rows.map((row) => column.value(row)).filter((value) => typeof value === 'number');
  if (column.best === undefined || values.length === 0) return undefined;
  return column.best === 'lowest' ? Math.min(...values) : Math.max(...values);
}
