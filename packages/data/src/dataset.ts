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
  readonly #read: (index: number) => T;

  /** @param read gives row `index` (0 ≤ index < length); must give the same row each time */
  constructor(length: number, read: (index: number) => T) {
    this.length = length;
    this.#read = read;
  }

  /** A dataset over rows that are in memory already. */
  static from<T>(rows: readonly T[]): Dataset<T> {
    return new Dataset(rows.length, (index) => rows[index]!);
  }

  /** Several datasets, one after the other. */
  static concat<T>(parts: readonly Dataset<T>[]): Dataset<T> {
    const ends: number[] = [];
    for (const part of parts) ends.push((ends.at(-1) ?? 0) + part.length);
    return new Dataset(ends.at(-1) ?? 0, (index) => {
      const which = ends.findIndex((end) => index < end);
      return parts[which]!.at(index - (ends[which - 1] ?? 0));
    });
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
    return new Dataset(this.length, (index) => transform(this.#read(index), index));
  }

  /** The rows that pass the test, in order. Reads every row once, now. */
  filter(keep: (row: T, index: number) => boolean): Dataset<T> {
    const kept: number[] = [];
    for (let index = 0; index < this.length; index++) if (keep(this.#read(index), index)) kept.push(index);
    return this.select(kept);
  }

  /** The rows at these indices, in this order. */
  select(indices: ArrayLike<number>): Dataset<T> {
    return new Dataset(indices.length, (index) => this.at(indices[index]!));
  }

  /** The first `count` rows, or all when there are fewer. */
  take(count: number): Dataset<T> {
    return new Dataset(Math.min(count, this.length), this.#read);
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
    const part = (from: number, length: number) => new Dataset(length, (i) => this.#read(shuffled(from + i)));
    return { train: part(count, this.length - count), test: part(0, count) };
  }
}
