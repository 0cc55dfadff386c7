import type { DataStream } from '../dataset/stream.ts';
import type { Row } from '../dataset.ts';
import type { Example } from '../example.ts';
import { convertRow, detectFormat, type FormatName } from '../formats/detect.ts';
import { mix } from '../permutation.ts';
import type { ChatTemplate } from '../text/chat-template.ts';
import { Histogram } from './histogram.ts';
import { type RenderedSample, renderSample } from './render-sample.ts';

/** What a column holds. */
export interface ColumnProfile {
  name: string;
  /** Type of value → how many rows have one; lists and objects are types too. */
  types: Record<string, number>;
  /** Rows without a value. */
  missing: number;
  /** Characters of texts, elements of lists, or the numbers themselves (seconds in milliseconds). */
  histogram: Histogram;
  /** What the histogram counts. */
  unit: 'characters' | 'elements' | 'value' | 'bytes' | undefined;
  /** Numbers below zero, which the histogram has not, and those that are not finite. */
  negative: number;
  notFinite: number;
}

/** What a dataset holds. */
export interface DatasetProfile {
  rows: number;
  columns: ColumnProfile[];
  /** How its rows are read; undefined when no known format fits, with the reason. */
  format: FormatName | undefined;
  formatProblem: string | undefined;
  /** Rows that do not fit the format, and the first reasons. */
  unfit: number;
  unfitReasons: string[];
  /** Kinds of examples that the rows become. */
  kinds: Record<string, number>;
  /** Lengths of examples as a model sees them, prompt and answer, and of what it learns to produce. */
  lengths: Histogram;
  targets: Histogram;
  lengthUnit: 'characters' | 'tokens';
  /** Why lengths of some examples are unknown: the template refused them. */
  refused: number;
  refusal: string | undefined;
  samples: { row: number; rendered: RenderedSample[]; problem?: string }[];
}

/** How rows are looked at. */
export interface ProfileOptions {
  template?: ChatTemplate;
  /** Number of tokens of a text; default: lengths are characters. */
  countTokens?: (text: string) => number;
  /** Rows to show. */
  samples: number;
  seed?: number;
  onProgress?: (rows: number) => void;
}

/** Reads a stream once and counts what is in it; memory does not grow with the data. */
export async function profileRows(stream: DataStream<Row>, options: ProfileOptions): Promise<DatasetProfile> {
  const { template, countTokens, samples, seed = 0, onProgress } = options;
  const columns = new Map<string, ColumnProfile>();
  const drawn: { row: number; value: Row }[] = [];
  const profile: DatasetProfile = {
    rows: 0,
    columns: [],
    format: undefined,
    formatProblem: undefined,
    unfit: 0,
    unfitReasons: [],
    kinds: {},
    lengths: new Histogram(),
    targets: new Histogram(),
    lengthUnit: countTokens ? 'tokens' : 'characters',
    refused: 0,
    refusal: undefined,
    samples: [],
  };
  const measure = (example: Example) => {
    const count = countTokens ?? ((text: string) => text.length);
    for (const { parts } of renderSample(example, template)) {
      const sizes = parts.map((part) => count(part.text));
      profile.lengths.add(sizes.reduce((a, b) => a + b, 0));
      if (example.kind !== 'prompt')
        profile.targets.add(sizes.reduce((sum, size, i) => sum + (parts[i]!.target ? size : 0), 0));
    }
  };
  for await (const row of stream) {
    const index = profile.rows++;
    countColumns(columns, row, index);
    // Algorithm R (Vitter 1985): every row is as likely to be shown.
    const place = index < samples ? index : mix(mix(0x5a3, seed), index) % (index + 1);
    if (place < samples) drawn[place] = { row: index, value: row };
    if (index === 0) {
      try {
        profile.format = detectFormat(row);
      } catch (error) {
        profile.formatProblem = (error as Error).message;
      }
    }
    if (profile.format) {
      try {
        const example = convertRow(row, profile.format);
        profile.kinds[example.kind] = (profile.kinds[example.kind] ?? 0) + 1;
        try {
          measure(example);
        } catch (error) {
          profile.refused++;
          profile.refusal ??= `row ${index}: ${(error as Error).message}`;
        }
      } catch (error) {
        profile.unfit++;
        if (profile.unfitReasons.length < 3)
          profile.unfitReasons.push(`row ${index}: ${(error as Error).message}`);
      }
    }
    if (profile.rows % 10_000 === 0) onProgress?.(profile.rows);
  }
  for (const column of columns.values())
    column.missing = profile.rows - Object.values(column.types).reduce((a, b) => a + b, 0);
  profile.columns = [...columns.values()];
  drawn.sort((a, b) => a.row - b.row);
  profile.samples = drawn.map(({ row, value }) => sample(row, value, profile.format, template));
  return profile;
}

function sample(
  row: number,
  value: Row,
  format: FormatName | undefined,
  template: ChatTemplate | undefined,
): DatasetProfile['samples'][number] {
  const raw = (problem?: string) => ({
    row,
    rendered: [{ title: '', parts: [{ text: JSON.stringify(value, shorten, 1), target: false }] }],
    ...(problem && { problem }),
  });
  if (!format) return raw();
  try {
    return { row, rendered: renderSample(convertRow(value, format), template) };
  } catch (error) {
    return raw((error as Error).message);
  }
}

function shorten(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === 'bigint' ? value.toString() : value;
}

function countColumns(columns: Map<string, ColumnProfile>, row: Row, index: number): void {
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === undefined) continue;
    let column = columns.get(name);
    if (!column) {
      column = {
        name,
        types: {},
        missing: index,
        histogram: new Histogram(),
        unit: undefined,
        negative: 0,
        notFinite: 0,
      };
      columns.set(name, column);
    }
    const type = typeName(value);
    column.types[type] = (column.types[type] ?? 0) + 1;
    if (typeof value === 'string') add(column, 'characters', value.length);
    else if (value instanceof Uint8Array) add(column, 'bytes', value.length);
    else if (Array.isArray(value)) add(column, 'elements', value.length);
    else if (typeof value === 'number') {
      if (!Number.isFinite(value)) column.notFinite++;
      else if (value < 0) column.negative++;
      else add(column, 'value', value);
    }
  }
}

function add(column: ColumnProfile, unit: NonNullable<ColumnProfile['unit']>, value: number): void {
  column.unit ??= unit;
  if (column.unit === unit) column.histogram.add(value);
}

function typeName(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Date) return 'date';
  if (!Array.isArray(value))
    return `{ ${Object.keys(value as object)
      .slice(0, 4)
      .join(', ')} }`;
  return value.length > 0 ? `[${typeName(value[0])}]` : '[]';
}
