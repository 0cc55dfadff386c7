import { resized } from '../resized.ts';

/** A pair that may be merged: how often it was seen when queued, and a list of words to look for it in. */
export interface QueuedPair {
  count: number;
  pair: number;
  list: number;
  /** How many candidates were queued before it. */
  age: number;
}

/** Cells of 32 bits that a place takes: the count, a double, in two, the pair, the list, the age. */
const PLACE = 6;

/**
 * Pairs by falling count, in typed arrays; equally frequent ones as an order of the pairs says, then the pair of the
 * smaller number, then the one that was queued first.
 */
export class CandidateQueue {
  size = 0;
  #queued = 0;
  #counts: Float64Array = new Float64Array(PLACE << 12);
  #cells: Int32Array = new Int32Array(this.#counts.buffer);
  readonly #order: (pair: number, other: number) => number;

  /** @param order of two pairs: below 0 where the first comes first, 0 where they are the same */
  constructor(order: (pair: number, other: number) => number) {
    this.#order = order;
  }

  /** @param age of a candidate that was in the queue before */
  push(count: number, pair: number, list: number, age = this.#queued++): void {
    if (this.size * PLACE === this.#cells.length) this.#grow();
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(count, pair, age, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, count, pair, list, age);
  }

  /** Takes out the first; the queue must not be empty. */
  pop(): QueuedPair {
    const top = this.#at(0);
    const last = --this.size;
    const { count, pair, list, age } = this.#at(last);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last) {
        const sibling = this.#at(child + 1);
        if (this.#isBefore(sibling.count, sibling.pair, sibling.age, child)) child++;
      }
      if (this.#isBefore(count, pair, age, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, count, pair, list, age);
    return top;
  }

  #at(place: number): QueuedPair {
    const cells = this.#cells;
    const first = place * PLACE + 2;
    const count = this.#counts[(place * PLACE) / 2]!;
    return { count, pair: cells[first]!, list: cells[first + 1]!, age: cells[first + 2]! };
  }

  #isBefore(count: number, pair: number, age: number, place: number): boolean {
    const other = this.#at(place);
    if (count !== other.count) return count > other.count;
    if (pair === other.pair) return age < other.age;
    return (this.#order(pair, other.pair) || pair - other.pair) < 0;
  }

  #move(from: number, to: number): void {
    this.#cells.copyWithin(to * PLACE, from * PLACE, (from + 1) * PLACE);
  }

  #set(place: number, count: number, pair: number, list: number, age: number): void {
    this.#counts[(place * PLACE) / 2] = count;
    this.#cells.set([pair, list, age], place * PLACE + 2);
  }

  #grow(): void {
    this.#counts = resized(this.#counts, this.#counts.length * 2);
    this.#cells = new Int32Array(this.#counts.buffer);
  }
}
