import { resized } from '../resized.ts';

/** A pair that may be merged: how often it was seen when queued, and a list of words to look for it in. */
export interface QueuedPair {
  count: number;
  pair: number;
  list: number;
}

/** Pairs by falling count, in typed arrays; equally frequent ones as a comparison of the pairs says. */
export class CandidateQueue {
  size = 0;
  /** Of each place the count; in the same memory, pair and list. */
  #counts: Float64Array = new Float64Array(1 << 13);
  #cells: Int32Array = new Int32Array(this.#counts.buffer);
  readonly #precedes: (pair: number, other: number) => boolean;

  constructor(precedes: (pair: number, other: number) => boolean) {
    this.#precedes = precedes;
  }

  push(count: number, pair: number, list: number): void {
    if (this.size * 2 === this.#counts.length) this.#grow();
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(count, pair, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, count, pair, list);
  }

  /** Takes out the first; the queue must not be empty. */
  pop(): QueuedPair {
    const counts = this.#counts;
    const cells = this.#cells;
    const top = { count: counts[0]!, pair: cells[2]!, list: cells[3]! };
    const last = --this.size;
    const count = counts[last * 2]!;
    const pair = cells[last * 4 + 2]!;
    const list = cells[last * 4 + 3]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      const sibling = child + 1;
      if (sibling < last && this.#isBefore(counts[sibling * 2]!, cells[sibling * 4 + 2]!, child))
        child = sibling;
      if (this.#isBefore(count, pair, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, count, pair, list);
    return top;
  }

  #isBefore(count: number, pair: number, other: number): boolean {
    const difference = count - this.#counts[other * 2]!;
    return difference !== 0 ? difference > 0 : this.#precedes(pair, this.#cells[other * 4 + 2]!);
  }

  #move(from: number, to: number): void {
    const cells = this.#cells;
    this.#counts[to * 2] = this.#counts[from * 2]!;
    cells[to * 4 + 2] = cells[from * 4 + 2]!;
    cells[to * 4 + 3] = cells[from * 4 + 3]!;
  }

  #set(at: number, count: number, pair: number, list: number): void {
    this.#counts[at * 2] = count;
    this.#cells[at * 4 + 2] = pair;
    this.#cells[at * 4 + 3] = list;
  }

  #grow(): void {
    this.#counts = resized(this.#counts, this.#counts.length * 2);
    this.#cells = new Int32Array(this.#counts.buffer);
  }
}
