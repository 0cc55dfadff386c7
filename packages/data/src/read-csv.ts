import type { Row } from './dataset.ts';
import { readText } from './read-lines.ts';

/**
 * Rows of a CSV file with a header (RFC 4180: quoted fields may hold delimiters, line breaks and doubled quotes).
 * Every value is a string; an empty unquoted field is left out.
 *
 * @throws naming the line of an unclosed quote, or of a record with more or fewer fields than the header
 */
export async function* readCsv(path: string, delimiter = ','): AsyncGenerator<Row> {
  let header: string[] | undefined;
  for (const { line, fields } of records(path, await readText(path), delimiter)) {
    if (!header) {
      header = fields.map((field) => field ?? '');
      continue;
    }
    if (fields.length !== header.length)
      throw new Error(
        `${path}:${line}: found ${fields.length} fields, expected ${header.length} as in the header (${header.join(', ')})`,
      );
    const row: Row = {};
    for (const [i, name] of header.entries()) if (fields[i] !== undefined) row[name] = fields[i];
    yield row;
  }
}

/** Splits into records; blank lines between them do not count. */
function* records(
  path: string,
  text: string,
  delimiter: string,
): Generator<{ line: number; fields: (string | undefined)[] }> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const start = line;
    const fields: (string | undefined)[] = [];
    for (;;) {
      if (text[at] === '"') {
        const end = closingQuote(text, at + 1);
        if (end < 0) throw new Error(`${path}:${start}: a quote is never closed; the file may be cut off`);
        const quoted = text.slice(at + 1, end);
        line += quoted.split('\n').length - 1;
        fields.push(quoted.replaceAll('""', '"'));
        at = end + 1;
      } else {
        const end = nextOf(text, delimiter, at);
        fields.push(text.slice(at, end) || undefined);
        at = end;
      }
      if (text[at] !== delimiter) break;
      at++;
    }
    if (text[at] === '\r') at++;
    if (at < text.length && text[at] !== '\n')
      throw new Error(`${path}:${line}: found ${JSON.stringify(text[at])} after a closing quote`);
    at++;
    line++;
    if (fields.length > 1 || fields[0] !== undefined) yield { line: start, fields };
  }
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

/** Where an unquoted field ends: the next delimiter or line end. */
function nextOf(text: string, delimiter: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}
