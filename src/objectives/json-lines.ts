/** Tables as JSON lines: an object a line, `{"arch": "...", "val_accuracy": 91.2}`, as programs that train write them. */
import { ColeError } from '../base/index.js';
import { parsePythonJson } from './python-json.js';
import type { RawTable } from './table.js';

/** Fields other than `arch` whose first value is a number are metrics, but for those of `notMetrics`. */
export function readJsonLines(
  text: string,
  name: string,
  notMetrics: ReadonlySet<string>,
): Pick<RawTable, 'archs' | 'columns' | 'rowName'> {
  const rows = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .flatMap((line, at) => (line.trim() === '' ? [] : [{ number: at + 1, fields: parseRow(line, at + 1, name) }]));
  const archs = rows.map(({ number, fields }) => {
    if (typeof fields.arch === 'string') return fields.arch;
    throw new ColeError(
      'ERR_DATA',
      `expected a text as arch on line ${number} of ${name}, got ${JSON.stringify(fields.arch) ?? 'nothing'}`,
    );
  });
  const names = new Set(rows.flatMap(({ fields }) => Object.keys(fields)).filter((each) => !notMetrics.has(each)));
  const columns = new Map<string, readonly (number | undefined)[]>();
  for (const column of names) {
    const values = rows.map(({ fields }) => fields[column] ?? undefined);
    const first = values.find((value) => value !== undefined);
    // A word is no metric, but for what Python writes of a number that went wrong.
    if (typeof first !== 'number' && !isNotFinite(first)) continue;
    columns.set(
      column,
      values.map((value) => (value === undefined || typeof value === 'number' ? value : asNumber(value))),
    );
  }
  return { archs, columns, rowName: (row) => `line ${rows[row]!.number}` };
}

function parseRow(line: string, number: number, name: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = parsePythonJson(line);
  } catch (cause) {
    throw new ColeError('ERR_DATA', `expected JSON on line ${number} of ${name}, but ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  throw new ColeError('ERR_DATA', `expected a JSON object on line ${number} of ${name}, got ${line.slice(0, 40)}`);
}

function isNotFinite(value: unknown): boolean {
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity';
}

/** NaN for what is no number, which is an error once the metric is used. */
function asNumber(value: unknown): number {
  return isNotFinite(value) ? Number(value) : Number.NaN;
}
