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
  #counts = new Float64Array(1 << 12);
  #pairs = new Int32Array(1 << 12);
  #lists = new Int32Array(1 << 12);
  readonly #precedes: (pair: number, other: number) => boolean;

  constructor(precedes: (pair: number, other: number) => boolean) {
    this.#precedes = precedes;
  }

  push(count: number, pair: number, list: number): void {
    if (this.size === this.#counts.length) this.#grow();
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
    const top = { count: this.#counts[0]!, pair: this.#pairs[0]!, list: this.#lists[0]! };
    const last = --this.size;
    const [count, pair, list] = [this.#counts[last]!, this.#pairs[last]!, this.#lists[last]!];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      const sibling = child + 1;
      if (sibling < last && this.#isBefore(this.#counts[sibling]!, this.#pairs[sibling]!, child))
        child = sibling;
      if (this.#isBefore(count, pair, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, count, pair, list);
    return top;
  }

  #isBefore(count: number, pair: number, other: number): boolean {
    const difference = count - this.#counts[other]!;
    return difference !== 0 ? difference > 0 : this.#precedes(pair, this.#pairs[other]!);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#counts[from]!, this.#pairs[from]!, this.#lists[from]!);
  }

  #set(at: number, count: number, pair: number, list: number): void {
    this.#counts[at] = count;
    this.#pairs[at] = pair;
    this.#lists[at] = list;
  }

  #grow(): void {
    this.#counts = resized(this.#counts, this.size * 2);
    this.#pairs = resized(this.#pairs, this.size * 2);
    this.#lists = resized(this.#lists, this.size * 2);
  }
}
