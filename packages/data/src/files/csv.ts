import type { Row } from '../dataset.ts';
import { readTextRuns, START, type TextPosition } from './lines.ts';
import type { Reader, ReadOptions, Run } from './reader.ts';

/** Most characters of one record: past that, a quote was never closed. */
const RECORD_LIMIT = 1 << 26;

/** CSV with a header (RFC 4180); see `readDelimited`. */
export const readCsv: Reader = (path, options, from) => readDelimited(',', path, options, from);

/** The same with tabs. */
export const readTsv: Reader = (path, options, from) => readDelimited('\t', path, options, from);

/**
 * Rows of a file of delimited records under a header. Quoted fields may hold delimiters, line breaks and doubled
 * quotes. Every value is a string; an empty unquoted field is left out.
 *
 * @throws naming the line of an unclosed quote, or of a record with more or fewer fields than the header
 */
async function* readDelimited(
  delimiter: string,
  path: string,
  { onInvalid }: ReadOptions,
  from: unknown = START,
): AsyncGenerator<Run> {
  const start = from as TextPosition;
  let header = start.offset > 0 ? await readHeader(path, delimiter) : undefined;
  for await (const { at, records } of readRecords(path, delimiter, start)) {
    header ??= toHeader(records.shift());
    const rows: Row[] = [];
    for (const { line, fields } of records) {
      if (fields.length === header!.length) {
        rows.push(toRow(header!, fields));
        continue;
      }
      const problem = `${path}:${line}: found ${fields.length} fields, expected ${header!.length} as in the header (${header!.join(', ')})`;
      if (!onInvalid) throw new Error(problem);
      onInvalid(problem);
    }
    yield { rows, at };
  }
}

interface DelimitedRecord {
  /** Where it begins, from 1. */
  line: number;
  fields: (string | undefined)[];
}

async function readHeader(path: string, delimiter: string): Promise<string[] | undefined> {
  for await (const { records } of readRecords(path, delimiter, START))
    if (records.length > 0) return toHeader(records[0]);
  return undefined;
}

const toHeader = (record: DelimitedRecord | undefined) => record?.fields.map((field) => field ?? '');

function toRow(header: readonly string[], fields: DelimitedRecord['fields']): Row {
  const row: Row = {};
  for (let i = 0; i < header.length; i++) if (fields[i] !== undefined) row[header[i]!] = fields[i];
  return row;
}

/** Runs of whole records, each with the place where it begins. */
async function* readRecords(
  path: string,
  delimiter: string,
  from: TextPosition,
): AsyncGenerator<{ at: TextPosition; records: DelimitedRecord[] }> {
  let carry = '';
  let at = from;
  let end = { ...from };
  for await (const run of readTextRuns(path, from)) {
    const text = carry + run.text;
    end = { offset: run.at.offset + run.bytes, line: 0 };
    const parser = new RecordParser(path, text, at.line, delimiter);
    const records = parser.records(false);
    carry = text.slice(parser.at);
    if (records.length > 0) yield { at, records };
    at = { offset: end.offset - Buffer.byteLength(carry), line: parser.line };
    if (carry.length > RECORD_LIMIT) throw new Error(`${path}:${at.line}: ${UNCLOSED}`);
  }
  const records = new RecordParser(path, carry, at.line, delimiter).records(true);
  if (records.length > 0) yield { at, records };
}

const UNCLOSED = 'a quote is never closed; the file may be cut off';

/** Splits text into records; blank lines between them do not count. */
class RecordParser {
  /** Characters and lines that whole records took so far. */
  at = 0;
  line: number;
  readonly #path: string;
  readonly #text: string;
  readonly #delimiter: string;

  constructor(path: string, text: string, line: number, delimiter: string) {
    this.#path = path;
    this.#text = text;
    this.line = line;
    this.#delimiter = delimiter;
  }

  /** @param final whether the text is all there is: else a record that its end cuts off is left for later */
  records(final: boolean): DelimitedRecord[] {
    const records: DelimitedRecord[] = [];
    while (this.at < this.#text.length) {
      const record = this.#plain() ?? this.#quoted();
      if (!record) {
        if (final) throw new Error(`${this.#path}:${this.line}: ${UNCLOSED}`);
        break;
      }
      if (record.fields.length > 1 || record.fields[0] !== undefined) records.push(record);
    }
    return records;
  }

  /** The record of one line without a quote: the usual and fast case. */
  #plain(): DelimitedRecord | undefined {
    let end = this.#text.indexOf('\n', this.at);
    if (end < 0) end = this.#text.length;
    const text = this.#text.slice(this.at, this.#text[end - 1] === '\r' && end > this.at ? end - 1 : end);
    if (text.includes('"')) return undefined;
    this.at = end + 1;
    return { line: this.line++, fields: text.split(this.#delimiter).map((field) => field || undefined) };
  }

  /** A record with quotes; undefined when one is not closed. */
  #quoted(): DelimitedRecord | undefined {
    const text = this.#text;
    const fields: (string | undefined)[] = [];
    let { at, line } = this;
    for (;;) {
      if (text[at] === '"') {
        const end = closingQuote(text, at + 1);
        if (end < 0) return undefined;
        const quoted = text.slice(at + 1, end);
        line += quoted.split('\n').length - 1;
        fields.push(quoted.replaceAll('""', '"'));
        at = end + 1;
      } else {
        const end = this.#endOfField(at);
        fields.push(text.slice(at, end) || undefined);
        at = end;
      }
      if (text[at] !== this.#delimiter) break;
      at++;
    }
    if (text[at] === '\r') at++;
    if (at < text.length && text[at] !== '\n')
      throw new Error(`${this.#path}:${line}: found ${JSON.stringify(text[at])} after a closing quote`);
    const record = { line: this.line, fields };
    this.at = at + 1;
    this.line = line + 1;
    return record;
  }

  #endOfField(from: number): number {
    const text = this.#text;
    let at = from;
    while (at < text.length && text[at] !== this.#delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
    return at;
  }
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
