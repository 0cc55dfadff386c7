import { Dataset, type Row } from './dataset.ts';
import { readArrow } from './read-arrow.ts';
import { readCsv } from './read-csv.ts';
import { readJsonArray, readJsonl } from './read-json.ts';
import { readLines, readText } from './read-lines.ts';
import { TableBuilder } from './table-builder.ts';

/** File types that `loadDataset` reads. */
export type FileType = 'jsonl' | 'json' | 'csv' | 'tsv' | 'text' | 'arrow';

/** What to load, and how. */
export interface DatasetSpec {
  /** One file, or several whose rows follow each other. A name may end in `.gz`, except Arrow's. */
  path: string | readonly string[];
  /** Default: by the file's extension. */
  type?: FileType;
  /** Plain text only: one row `{ text }` for the whole `document` (default) or for each non-empty `line`. */
  sampleBy?: 'document' | 'line';
}

const EXTENSIONS: Record<string, FileType> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
  txt: 'text',
  md: 'text',
  arrow: 'arrow',
};

/**
 * Loads rows from JSON Lines, a JSON array, CSV, TSV, plain text or Arrow IPC files into Arrow columns.
 *
 * ```ts
 * const rows = await loadDataset('train.jsonl.gz');
 * rows.at(0);
 * ```
 *
 * @throws one line that names the file (and line) when it is missing, empty, cut off, not UTF-8, or of no known type
 */
export async function loadDataset(source: string | readonly string[] | DatasetSpec): Promise<Dataset> {
  const spec =
    typeof source === 'string' || Array.isArray(source) ? { path: source } : (source as DatasetSpec);
  const paths = typeof spec.path === 'string' ? [spec.path] : spec.path;
  const parts: Dataset[] = [];
  for (const path of paths) parts.push(await loadFile(path, spec));
  return parts.length === 1 ? parts[0]! : Dataset.concat(parts);
}

async function loadFile(path: string, { type, sampleBy = 'document' }: DatasetSpec): Promise<Dataset> {
  const dataset = await readFile(path, type ?? typeOf(path), sampleBy);
  if (dataset.length === 0) throw new Error(`${path}: holds no rows`);
  return dataset;
}

function readFile(path: string, type: FileType, sampleBy: 'document' | 'line'): Promise<Dataset> {
  switch (type) {
    case 'jsonl':
      return collect(readJsonl(path));
    case 'json':
      return collect(readJsonArray(path));
    case 'csv':
      return collect(readCsv(path));
    case 'tsv':
      return collect(readCsv(path, '\t'));
    case 'text':
      return sampleBy === 'line' ? collect(textLines(path)) : document(path);
    case 'arrow':
      return readArrow(path);
  }
}

function typeOf(path: string): FileType {
  const extension = /\.([^./\\]+)(\.gz)?$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const type = EXTENSIONS[extension];
  if (!type)
    throw new Error(
      `${path}: unknown file type '${extension}'; known are ${Object.keys(EXTENSIONS).join(', ')}, or say which with type`,
    );
  return type;
}

async function collect(rows: AsyncIterable<Row>): Promise<Dataset> {
  const builder = await TableBuilder.create();
  for await (const row of rows) builder.append(row);
  return builder.finish();
}

async function document(path: string): Promise<Dataset> {
  return Dataset.from<Row>([{ text: await readText(path) }]);
}

async function* textLines(path: string): AsyncGenerator<Row> {
  for await (const { lines } of readLines(path)) for (const text of lines) if (text !== '') yield { text };
}
