import type { RecordBatch } from 'apache-arrow';
import { Dataset, type Row } from '../dataset.ts';
import { batchedReader } from './batched-reader.ts';
import { type Arrow, ColumnBuilder, JSON_FIELD, type Kind, kindOf, widen } from './column-builder.ts';
import { rowReader } from './row-reader.ts';

/** Rows and text of a batch in memory: large batches cost the least for each row. */
const BATCH_ROWS = 1 << 14;
const BATCH_BYTES = 1 << 26;

/** Column name → how its values are stored, in the order in which the columns appeared. */
export type Kinds = Map<string, Kind>;

/**
 * Collects rows into Arrow record batches, so that a file of any size becomes a few typed arrays instead of objects.
 * Each batch stores a column in the narrowest kind that fits its own rows.
 */
export class TableBuilder {
  readonly #arrow: Arrow;
  #pending: Row[] = [];
  #bytes = 0;
  readonly #readers: ((index: number) => Row)[] = [];
  /** Rows before each batch, and at last all. */
  readonly #starts: number[] = [0];

  private constructor(arrow: Arrow) {
    this.#arrow = arrow;
  }

  /** Loads Arrow (a quarter of a second) when the first file is read, not when this package is. */
  static async create(): Promise<TableBuilder> {
    return new TableBuilder(await import('apache-arrow'));
  }

  append(row: Row): void {
    this.#pending.push(row);
    this.#bytes += textLength(row);
    if (this.#pending.length >= BATCH_ROWS || this.#bytes >= BATCH_BYTES) this.#flush();
  }

  /** @param fingerprint of the data; see `Dataset` */
  finish(fingerprint?: string): Dataset {
    if (this.#pending.length > 0) this.#flush();
    return new Dataset(this.#starts.at(-1)!, batchedReader(this.#starts, this.#readers), fingerprint);
  }

  #flush(): void {
    const batch = toRecordBatch(this.#arrow, this.#pending, kindsOf(this.#pending));
    this.#readers.push(rowReader(this.#arrow, batch));
    this.#starts.push(this.#starts.at(-1)! + this.#pending.length);
    this.#pending = [];
    this.#bytes = 0;
  }
}

/** The kinds that store these rows; `known` kinds are widened where they do not. */
export function kindsOf(rows: readonly Row[], known: Kinds = new Map()): Kinds {
  const kinds = new Map(known);
  for (const row of rows) {
    for (const name in row) {
      const value = row[name];
      if (value === null || value === undefined) continue;
      const found = kinds.get(name);
      const kind = kindOf(value);
      if (found !== kind) kinds.set(name, found === undefined ? kind : widen(found, kind));
    }
  }
  return kinds;
}

/** Rows as one record batch. @param kinds must suit every row */
export function toRecordBatch(arrow: Arrow, rows: readonly Row[], kinds: Kinds): RecordBatch {
  const { Field, RecordBatch, Schema, Struct, makeData } = arrow;
  const children = [...kinds].map(([name, kind]) => {
    const column = new ColumnBuilder(kind);
    for (const row of rows) column.append(row[name]);
    return column.finish(arrow);
  });
  const fields = [...kinds].map(([name, kind], i) => {
    const metadata = new Map(kind === 'json' ? [[JSON_FIELD, 'true']] : []);
    return new Field(name, children[i]!.type, true, metadata);
  });
  return new RecordBatch(
    new Schema(fields),
    makeData({ type: new Struct(fields), length: rows.length, nullCount: 0, children }),
  );
}

/** About how many bytes of text and binary data a row holds. */
export function textLength(row: Row): number {
  let length = 0;
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'string' || value instanceof Uint8Array) length += value.length;
    else if (typeof value === 'object' && value !== null) length += roughLength(value);
  }
  return length;
}

/** Text within lists and objects, a few levels deep. */
function roughLength(value: object, depth = 4): number {
  let length = 0;
  for (const inner of Object.values(value)) {
    if (typeof inner === 'string' || inner instanceof Uint8Array) length += inner.length;
    else if (typeof inner === 'object' && inner !== null && depth > 0)
      length += roughLength(inner, depth - 1);
    else length += 8;
  }
  return length;
}
