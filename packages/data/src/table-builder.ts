import type { Builder, Data, Vector } from 'apache-arrow';
import { Dataset, type Row } from './dataset.ts';

/** Values of a column are stored as one of these; `json` holds lists, objects and mixed types as JSON text. */
type Kind = 'string' | 'number' | 'boolean' | 'json';

type Arrow = typeof import('apache-arrow');

/** Rows a chunk of a column holds: its text stays far below Arrow's limit of 2 GiB. */
const CHUNK_ROWS = 1 << 14;

/**
 * Collects rows into Arrow columns, so that a file of any size becomes a few typed arrays instead of objects.
 * A column's type is that of its first value; a later value of another type turns the column into JSON text.
 */
export class TableBuilder {
  readonly #arrow: Arrow;
  readonly #columns = new Map<string, Column>();
  #rows = 0;

  private constructor(arrow: Arrow) {
    this.#arrow = arrow;
  }

  /** Loads Arrow (a quarter of a second) when the first file is read, not when this package is. */
  static async create(): Promise<TableBuilder> {
    return new TableBuilder(await import('apache-arrow'));
  }

  append(row: Row): void {
    for (const [name, value] of Object.entries(row)) {
      if (value === null || value === undefined) continue;
      let column = this.#columns.get(name);
      if (!column) {
        column = new Column(this.#arrow, kindOf(value));
        this.#columns.set(name, column);
      }
      column.set(this.#rows, value);
    }
    this.#rows++;
  }

  finish(): Dataset {
    const rows = this.#rows;
    const columns = [...this.#columns].map(([name, column]) => [name, column.finish(rows)] as const);
    return new Dataset(rows, (index) => {
      const row: Row = {};
      for (const [name, read] of columns) {
        const value = read(index);
        if (value !== null) row[name] = value;
      }
      return row;
    });
  }
}

function kindOf(value: unknown): Kind {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'json';
}

class Column {
  readonly #arrow: Arrow;
  #kind: Kind;
  #builder: Builder;
  #chunks: Data[] = [];
  /** Rows appended so far, nulls included. */
  #length = 0;

  constructor(arrow: Arrow, kind: Kind) {
    this.#arrow = arrow;
    this.#kind = kind;
    this.#builder = this.#newBuilder();
  }

  set(row: number, value: unknown): void {
    if (this.#kind !== 'json' && kindOf(value) !== this.#kind) this.#becomeJson();
    this.#fillNulls(row);
    this.#append(this.#kind === 'json' ? JSON.stringify(value) : value);
  }

  finish(rows: number): (index: number) => unknown {
    this.#fillNulls(rows);
    const vector = this.#toVector();
    if (this.#kind !== 'json') return (index) => vector.get(index);
    return (index) => {
      const text = vector.get(index);
      return text === null ? null : JSON.parse(text);
    };
  }

  #append(value: unknown): void {
    this.#builder.append(value);
    this.#length++;
    if (this.#length % CHUNK_ROWS === 0) this.#chunks.push(this.#builder.flush());
  }

  #fillNulls(until: number): void {
    while (this.#length < until) this.#append(null);
  }

  #toVector(): Vector {
    if (this.#length % CHUNK_ROWS !== 0) this.#chunks.push(this.#builder.flush());
    return new this.#arrow.Vector(this.#chunks);
  }

  #becomeJson(): void {
    const values = this.#toVector();
    this.#kind = 'json';
    this.#builder = this.#newBuilder();
    this.#chunks = [];
    this.#length = 0;
    for (const value of values) this.#append(value === null ? null : JSON.stringify(value));
  }

  #newBuilder(): Builder {
    const { Utf8, Float64, Bool, makeBuilder } = this.#arrow;
    const types = { string: Utf8, json: Utf8, number: Float64, boolean: Bool };
    return makeBuilder({ type: new types[this.#kind](), nullValues: [null] }) as Builder;
  }
}
