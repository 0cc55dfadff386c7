import { basename } from 'node:path';
import {
  convertRow,
  Dataset,
  detectFormat,
  type Example,
  type FormatName,
  loadDataset,
  type Row,
} from '@attune/data';
import { UserError } from '../errors.ts';
import type { Recipe } from '../recipe/schema.ts';
import { problemRows } from './problem-rows.ts';

/** One example as the data holds it. */
export interface DataRecord {
  example: Example;
  /** All columns: rewards look here for what they compare with. */
  row: Row;
  /** What messages call it, e.g. `train.jsonl row 17`. */
  name: string;
}

/** Training and held-out examples. */
export interface Records {
  train: DataRecord[];
  /** Empty when the recipe names none. */
  validation: DataRecord[];
  /** In words, for the console. */
  description: string;
}

/**
 * Loads the data of a recipe.
 * @throws UserError naming the file and the row that does not fit
 */
export async function loadRecords(
  { data, seed }: Recipe,
  onNotice: (message: string) => void,
): Promise<Records> {
  const train = await loadSource(data.train, 'train', seed);
  const own = data.validation && (data.validation.path ?? data.validation.generate);
  let parts = { train: train.rows, validation: Dataset.from<NamedRow>([]) };
  if (own) parts.validation = (await loadSource(data.validation!, 'test', seed)).rows;
  else if (data.validation?.fraction && !isOneDocument(train.rows)) {
    const split = train.rows.split({ test: data.validation.fraction, seed });
    parts = { train: split.train, validation: split.test };
  }
  const format = data.format === 'auto' ? detect(train.rows, train.label) : data.format;
  const convert = (rows: Dataset<NamedRow>) =>
    convertAll(rows, format, data.invalid === 'skip' ? onNotice : undefined);
  const records = { train: convert(parts.train), validation: convert(parts.validation) };
  if (data.validation?.fraction && isOneDocument(train.rows)) {
    Object.assign(records, splitDocument(records.train[0]!, data.validation.fraction));
  }
  const heldOut = records.validation.length > 0 ? `, ${records.validation.length} held out` : '';
  return { ...records, description: `${records.train.length} examples of ${train.label}${heldOut}` };
}

interface NamedRow {
  row: Row;
  name: string;
}
type Source = Recipe['data']['train'];

async function loadSource(source: Source, split: 'train' | 'test', seed: number) {
  if (source.generate) {
    const { count = split === 'train' ? 2000 : 200 } = source;
    const rows = problemRows(source, { count, split, seed });
    return { rows: named(Dataset.from<Row>(rows), source.generate), label: source.generate };
  }
  const label = basename(source.path!);
  const rows = await loadDataset(source.path!);
  return { rows: named(source.count ? rows.take(source.count) : rows, label), label };
}

const named = (rows: Dataset, label: string): Dataset<NamedRow> =>
  rows.map((row, index) => ({ row, name: `${label} row ${index + 1}` }));

function detect(rows: Dataset<NamedRow>, label: string): FormatName {
  try {
    return detectFormat(rows.at(0).row);
  } catch (error) {
    throw new UserError(`${label}: ${(error as Error).message}`);
  }
}

/** @param skip called with a summary when rows that do not fit are left out; without it they are errors */
function convertAll(
  rows: Dataset<NamedRow>,
  format: FormatName,
  skip?: (message: string) => void,
): DataRecord[] {
  const records: DataRecord[] = [];
  const problems: string[] = [];
  for (const { row, name } of rows) {
    try {
      records.push({ example: convertRow(row, format), row, name });
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`);
      if (!skip) throw new UserError(`${problems[0]}; leave such rows out with data.invalid=skip`);
    }
  }
  if (problems.length > 0) skip?.(`left out ${problems.length} rows that do not fit, first ${problems[0]}`);
  return records;
}

/** A single long text is split where it stands: its end is held out. */
const isOneDocument = (rows: Dataset<NamedRow>) => rows.length === 1;

function splitDocument(record: DataRecord, fraction: number): Pick<Records, 'train' | 'validation'> {
  if (record.example.kind !== 'text') {
    throw new UserError(`${record.name}: one example cannot be split; give data.validation a path`);
  }
  const { text } = record.example;
  const cut = Math.floor(text.length * (1 - fraction));
  const part = (from: number, to: number, name: string): DataRecord[] => [
    { ...record, name: `${record.name} (${name})`, example: { kind: 'text', text: text.slice(from, to) } },
  ];
  return { train: part(0, cut, 'beginning'), validation: part(cut, text.length, 'end') };
}

/** The texts of examples, to train a tokenizer on. */
export function* textsOf(records: readonly DataRecord[]): Generator<string> {
  for (const { example } of records) {
    if (example.kind === 'text') yield example.text;
    if (example.kind === 'contrastive') yield* [example.query, example.positive];
    if (example.kind === 'conversation') for (const { content } of example.messages) yield content;
    if ('prompt' in example) {
      if (typeof example.prompt === 'string') yield example.prompt;
      else for (const { content } of example.prompt) yield content;
    }
    if ('completion' in example) yield example.completion;
    if ('completions' in example) yield* example.completions;
    if (example.kind === 'preference') yield* [example.chosen, example.rejected];
  }
}
