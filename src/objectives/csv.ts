/** Comma-separated values as RFC 4180 has them: quoted fields, doubled quotes, line breaks inside quotes, CRLF or LF. */
import { ColeError } from '../base/index.js';

export interface CsvRecord {
  /** Line of the file, from 1, on which the record starts. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** All records of `text`; blank lines are left out. `name` is the file, for messages. */
export function parseCsv(text: string, name: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  // A byte order mark would otherwise become part of the first column's name.
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const start = line;
    const fields: string[] = [];
    for (;;) {
      let field: string;
      if (text[at] === '"') {
        field = '';
        at++;
        for (;;) {
          const quote = text.indexOf('"', at);
          if (quote < 0)
            throw new ColeError(
              'ERR_DATA',
              `expected a closing quote for the record of ${name} that starts on line ${start}, got the end of the file`,
            );
          field += text.slice(at, quote);
          at = quote + 1;
          if (text[at] !== '"') break;
          field += '"';
          at++;
        }
        line += field.split('\n').length - 1;
      } else {
        let end = at;
        while (end < text.length && text[end] !== ',' && text[end] !== '\n') end++;
        field = text.slice(at, text[end] !== ',' && text[end - 1] === '\r' && end > at ? end - 1 : end);
        if (field.includes('"'))
          throw new ColeError(
            'ERR_DATA',
            `expected quotes around a whole field on line ${line} of ${name}, got ${field}`,
          );
        at = end;
      }
      fields.push(field);
      if (text[at] === ',') {
        at++;
        continue;
      }
      if (text[at] === '\r') at++;
      if (at < text.length && text[at] !== '\n')
        throw new ColeError(
          'ERR_DATA',
          `expected a comma after a quoted field on line ${line} of ${name}, got ${text[at]}`,
        );
      at++;
      line++;
      break;
    }
    if (fields.length > 1 || fields[0] !== '') records.push({ line: start, fields });
  }
  return records;
}
