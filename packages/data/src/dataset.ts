import { batchedReader, batchOf } from './dataset/batched-reader.ts';
import { drawRows, type InterleaveOptions } from './dataset/draw.ts';
import { permutation } from './permutation.ts';

/** A row as a file holds it: column name → value. Columns that are null or missing are left out. */
export type Row = Record<string, unknown>;

/** Sizes of a train/test split. */
export interface SplitOptions {
  /** Share of the rows (0 < test < 1) or their number (an integer ≥ 1) that go to the test part. */
  test: number;
  /** Decides which rows. Default 0. */
  seed?: number;
}

/**
 * A sequence of rows that are read when they are asked for: from an Arrow table, an array, or another dataset.
 * It holds no copy of them.
 */
export class Dataset<T = Row> {
  /** Number of rows. */
  readonly length: number;
  /** Changes when the files behind the dataset do; undefined where nobody can tell. */
  readonly fingerprint: string | undefined;
  readonly #read: (index: number) => T;

  /** @param read gives row `index` (0 ≤ index < length); must give the same row each time */
  constructor(length: number, read: (index: number) => T, fingerprint?: string) {
    this.length = length;
    this.#read = read;
    this.fingerprint = fingerprint;
  }

  /** A dataset over rows that are in memory already. */
  static from<T>(rows: readonly T[]): Dataset<T> {
    return new Dataset(rows.length, (index) => rows[index]!);
  }

  /** Several datasets, one after the other. */
  static concat<T>(parts: readonly Dataset<T>[]): Dataset<T> {
    const filled = parts.filter((part) => part.length > 0);
    const starts = [0];
    for (const part of filled) starts.push(starts.at(-1)! + part.length);
    const readers = filled.map((part) => part.#read);
    return new Dataset(starts.at(-1)!, batchedReader(starts, readers), joinFingerprints(parts));
  }

  /**
   * Several datasets mixed at random, in the proportion of their weights; each keeps its order. Needs five bytes a row.
   * @throws when the weights do not fit
   */
  static interleave<T>(parts: readonly Dataset<T>[], options: InterleaveOptions = {}): Dataset<T> {
    const { source, row } = drawRows(
      parts.map(({ length }) => length),
      options,
    );
    const read = (index: number) => parts[source[index]!]!.#read(row[index]!);
    return new Dataset(source.length, read, joinFingerprints(parts));
  }

  /**
   * Row `index`.
   * @throws when there is no such row
   */
  at(index: number): T {
    if (!(Number.isInteger(index) && index >= 0 && index < this.length))
      throw new RangeError(`row must be an integer in [0, ${this.length}), found ${index}`);
    return this.#read(index);
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = 0; index < this.length; index++) yield this.#read(index);
  }

  /** Applies a pure function to each row, each time the row is read. */
  map<U>(transform: (row: T, index: number) => U): Dataset<U> {
    return new Dataset(this.length, (index) => transform(this.#read(index), index), this.fingerprint);
  }

  /** The rows that pass the test, in order. Reads every row once, now. */
  filter(keep: (row: T, index: number) => boolean): Dataset<T> {
    const kept: number[] = [];
    for (let index = 0; index < this.length; index++) if (keep(this.#read(index), index)) kept.push(index);
    return this.select(Float64Array.from(kept));
  }

  /**
   * Turns each row into any number of rows. Applies the function to every row once, now, to count; and again when one
   * of its rows is read.
   */
  flatMap<U>(transform: (row: T) => readonly U[]): Dataset<U> {
    const starts = new Float64Array(this.length + 1);
    for (let index = 0; index < this.length; index++)
      starts[index + 1] = starts[index]! + transform(this.#read(index)).length;
    const read = (index: number) => {
      const from = batchOf(starts, index);
      return transform(this.#read(from))[index - starts[from]!]!;
    };
    return new Dataset(starts[this.length]!, read, this.fingerprint);
  }

  /** Groups `size` rows into an array; the last may be smaller, or is dropped. */
  batch(size: number, { dropLast = false }: { dropLast?: boolean } = {}): Dataset<T[]> {
    if (!(Number.isInteger(size) && size > 0))
      throw new Error(`batch: must be an integer > 0, found ${size}`);
    const count = dropLast ? Math.floor(this.length / size) : Math.ceil(this.length / size);
    const read = (index: number) =>
      Array.from({ length: Math.min(size, this.length - index * size) }, (_, i) =>
        this.#read(index * size + i),
      );
    return new Dataset(count, read, this.fingerprint);
  }

  /** All rows in an order that the seed decides. Needs no memory: any row is found in O(1). */
  shuffle(seed = 0): Dataset<T> {
    const order = permutation(this.length, seed);
    return new Dataset(this.length, (index) => this.#read(order(index)), this.fingerprint);
  }

  /** The rows at these indices, in this order. */
  select(indices: ArrayLike<number>): Dataset<T> {
    return new Dataset(indices.length, (index) => this.at(indices[index]!), this.fingerprint);
  }

  /** The first `count` rows, or all when there are fewer. */
  take(count: number): Dataset<T> {
    return new Dataset(Math.min(count, this.length), this.#read, this.fingerprint);
  }

  /** All but the first `count` rows. */
  skip(count: number): Dataset<T> {
    const left = Math.max(0, this.length - count);
    return new Dataset(left, (index) => this.#read(count + index), this.fingerprint);
  }

  /**
   * Splits into two parts without a common row. The same seed gives the same split.
   * @throws when a part would be empty
   */
  split({ test, seed = 0 }: SplitOptions): { train: Dataset<T>; test: Dataset<T> } {
    const count = test < 1 ? Math.round(test * this.length) : test;
    if (!(Number.isInteger(count) && count > 0 && count < this.length))
      throw new Error(`split: test must leave rows on both sides of ${this.length}, found ${test}`);
    const shuffled = permutation(this.length, seed);
    const part = (from: number, length: number) =>
      new Dataset(length, (i) => this.#read(shuffled(from + i)), this.fingerprint);
    return { train: part(count, this.length - count), test: part(0, count) };
  }
}

function joinFingerprints(parts: readonly { fingerprint: string | undefined }[]): string | undefined {
  const prints = parts.map(({ fingerprint }) => fingerprint);
  return prints.includes(undefined) ? undefined : prints.join('+');
}
