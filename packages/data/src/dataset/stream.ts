import type { Dataset, Row } from '../dataset.ts';
import { type Cursor, type Open, type StreamState, transformRuns } from './cursor.ts';
import type { InterleaveOptions } from './draw.ts';
import {
  batched,
  concatenated,
  flatMapped,
  interleaved,
  limited,
  sharded,
  shuffled,
  skipped,
} from './stream-operations.ts';
import { TableBuilder } from './table-builder.ts';
import { Walker } from './walker.ts';

/** Rows of a dataset that are objects at once. */
const DATASET_RUN = 1024;

/**
 * Items that are read in order, each when its turn comes; operations are applied as items pass. Every walk over a
 * stream knows its exact state, small JSON from which another walk continues at once.
 *
 * ```ts
 * const stream = openStream('train-*.jsonl.gz').filter(isLong).shuffle({ buffer: 10_000, seed: 1 });
 * const walk = stream.walk();
 * for (let i = 0; i < 1000; i++) await walk.next();
 * const rest = stream.walk(walk.state());
 * ```
 *
 * Functions given to operations must be pure: a walk that continues may call them again for the same item.
 */
export class DataStream<T = Row> implements AsyncIterable<T> {
  /** Changes when the data behind the stream does; undefined where nobody can tell. */
  readonly fingerprint: string | undefined;
  readonly #open: Open<T>;

  constructor(open: Open<T>, fingerprint?: string) {
    this.#open = open;
    this.fingerprint = fingerprint;
  }

  /** The items of a map-style dataset in order. Continuing is O(1). */
  static from<T>(dataset: Dataset<T>): DataStream<T> {
    const open = (state?: StreamState): Cursor<T> => {
      let start = (state as number | undefined) ?? 0;
      let end = start;
      return {
        async next() {
          if (end >= dataset.length) return undefined;
          start = end;
          end = Math.min(dataset.length, start + DATASET_RUN);
          return Array.from({ length: end - start }, (_, i) => dataset.at(start + i));
        },
        state: (used) => start + used,
        close: async () => {},
      };
    };
    return new DataStream(open, dataset.fingerprint);
  }

  /** Several streams, one after the other. */
  static concat<T>(parts: readonly DataStream<T>[]): DataStream<T> {
    return new DataStream(concatenated(parts.map((part) => part.#open)), joinFingerprints(parts));
  }

  /**
   * Several streams mixed at random, in the proportion of their weights.
   * @throws when the weights do not fit
   */
  static interleave<T>(parts: readonly DataStream<T>[], options: InterleaveOptions = {}): DataStream<T> {
    const opens = parts.map((part) => part.#open);
    return new DataStream(interleaved(opens, options), joinFingerprints(parts));
  }

  /** Walks over the items, from the beginning or from where a state was taken. */
  walk(state?: StreamState): Walker<T> {
    return new Walker(this.#open(state));
  }

  [Symbol.asyncIterator](): Walker<T> {
    return this.walk();
  }

  /** Applies a function to each item. */
  map<U>(transform: (item: T) => U | Promise<U>): DataStream<U> {
    return this.#with(
      transformRuns(this.#open, async (run) => {
        const items: U[] = [];
        for (const item of run) {
          const result = transform(item);
          items.push(result instanceof Promise ? await result : result);
        }
        return { items, from: (index) => index };
      }),
    );
  }

  /** The items that pass the test. */
  filter(keep: (item: T) => boolean | Promise<boolean>): DataStream<T> {
    return this.#with(
      transformRuns(this.#open, async (run) => {
        const kept: number[] = [];
        for (const [i, item] of run.entries()) {
          const result = keep(item);
          if (result instanceof Promise ? await result : result) kept.push(i);
        }
        const items = kept.length === run.length ? run : kept.map((i) => run[i]!);
        return { items, from: (index) => kept[index]! };
      }),
    );
  }

  /** Turns each item into any number of items. */
  flatMap<U>(transform: (item: T) => Iterable<U> | Promise<Iterable<U>>): DataStream<U> {
    return this.#with(flatMapped(this.#open, transform));
  }

  /** Groups `size` items into an array; the last may be smaller, or is dropped. */
  batch(size: number, { dropLast = false }: { dropLast?: boolean } = {}): DataStream<T[]> {
    requirePositive('batch', size);
    return this.#with(batched(this.#open, size, dropLast));
  }

  /** The first `count` items. */
  take(count: number): DataStream<T> {
    return this.#with(limited(this.#open, count));
  }

  /** All but the first `count` items. */
  skip(count: number): DataStream<T> {
    return this.#with(skipped(this.#open, count));
  }

  /** Item `index`, `index + count`, …: one of `count` shares that have no item in common and together hold all. */
  shard(index: number, count: number): DataStream<T> {
    requirePositive('shard', count);
    if (!(Number.isInteger(index) && index >= 0 && index < count))
      throw new Error(`shard: index must be an integer in [0, ${count}), found ${index}`);
    return this.#with(sharded(this.#open, index, count));
  }

  /** Shuffles within windows of `buffer` items. A state is small all the same: continuing reads the window again. */
  shuffle({ buffer, seed = 0 }: { buffer: number; seed?: number }): DataStream<T> {
    requirePositive('shuffle', buffer);
    return this.#with(shuffled(this.#open, buffer, seed));
  }

  /** All items in an array. */
  async toArray(): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this) items.push(item);
    return items;
  }

  #with<U>(open: Open<U>): DataStream<U> {
    return new DataStream(open, this.fingerprint);
  }
}

/** Collects a stream of rows into Arrow columns in memory. */
export async function collectRows(stream: DataStream<Row>): Promise<Dataset> {
  const builder = await TableBuilder.create();
  const walk = stream.walk();
  while (await walk.fill()) while (walk.available > 0) builder.append(walk.takeNow());
  await walk.close();
  return builder.finish(stream.fingerprint);
}

function joinFingerprints(parts: readonly { fingerprint: string | undefined }[]): string | undefined {
  const prints = parts.map(({ fingerprint }) => fingerprint);
  return prints.includes(undefined) ? undefined : prints.join('+');
}

function requirePositive(name: string, value: number): void {
  if (!(Number.isInteger(value) && value > 0))
    throw new Error(`${name}: must be an integer > 0, found ${value}`);
}
