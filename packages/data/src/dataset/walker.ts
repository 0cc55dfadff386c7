import type { Cursor, StreamState } from './cursor.ts';

/** Reads a cursor item by item, and knows the state at every item. */
export class Walker<T> implements AsyncIterableIterator<T> {
  readonly #cursor: Cursor<T>;
  #run: readonly T[] = [];
  #used = 0;
  #ended = false;

  constructor(cursor: Cursor<T>) {
    this.#cursor = cursor;
  }

  /** Where the walk stands: continuing from here gives exactly the items not yet given. */
  state(): StreamState {
    return this.#cursor.state(this.#used);
  }

  /** Items of the present run that were given. */
  get position(): number {
    return this.#used;
  }

  /** The state after this many items of the present run. */
  stateAt(position: number): StreamState {
    return this.#cursor.state(position);
  }

  /** Items that `takeNow` can give. */
  get available(): number {
    return this.#run.length - this.#used;
  }

  /** Reads on when no items are at hand. @returns false at the end */
  async fill(): Promise<boolean> {
    while (this.available === 0 && !this.#ended) {
      const run = await this.#cursor.next();
      if (!run) {
        this.#ended = true;
        break;
      }
      this.#run = run;
      this.#used = 0;
    }
    return this.available > 0;
  }

  /** The next item; there must be one available. */
  takeNow(): T {
    return this.#run[this.#used++]!;
  }

  /** The next `count` items, fewer only at the end. */
  async take(count: number): Promise<T[]> {
    const items: T[] = [];
    while (items.length < count && (await this.fill())) {
      const until = Math.min(this.#run.length, this.#used + count - items.length);
      for (; this.#used < until; this.#used++) items.push(this.#run[this.#used]!);
    }
    return items;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    // Without an asynchronous function for each item of a run.
    if (this.#used < this.#run.length) return Promise.resolve({ done: false, value: this.takeNow() });
    return this.#nextRun();
  }

  async #nextRun(): Promise<IteratorResult<T, undefined>> {
    if (await this.fill()) return { done: false, value: this.takeNow() };
    await this.close();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.close();
    return { done: true, value: undefined };
  }

  close(): Promise<void> {
    return this.#cursor.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
