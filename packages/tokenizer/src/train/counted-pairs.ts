/**
 * A hash table from pairs of symbols to their counts. Pairs have numbers from 0 in the order of insertion. Symbols and
 * count of a pair lie together, as most pairs that are asked for are far away in memory.
 */
export class CountedPairs {
  size = 0;
  #slots: Int32Array; // number + 1, 0 = empty
  /** Left, right, and the count, a double, in two. */
  #cells: Int32Array;
  #counts: Float64Array;

  /** @param capacity a power of 2 */
  constructor(capacity: number) {
    this.#slots = new Int32Array(capacity * 2);
    this.#cells = new Int32Array(capacity * 4);
    this.#counts = new Float64Array(this.#cells.buffer);
  }

  /** The number of the pair, or -1. */
  find(left: number, right: number): number {
    const slots = this.#slots;
    const cells = this.#cells;
    const mask = slots.length - 1;
    for (let slot = hashPair(left, right) & mask; ; slot = (slot + 1) & mask) {
      const pair = slots[slot]! - 1;
      if (pair < 0 || (cells[pair * 4] === left && cells[pair * 4 + 1] === right)) return pair;
    }
  }

  /** The number of the pair, inserted with a count of 0 when it is new. */
  findOrAdd(left: number, right: number): number {
    const found = this.find(left, right);
    if (found >= 0) return found;
    if (this.size * 4 === this.#cells.length) this.#grow();
    const pair = this.size++;
    this.#cells[pair * 4] = left;
    this.#cells[pair * 4 + 1] = right;
    this.#place(pair);
    return pair;
  }

  left(pair: number): number {
    return this.#cells[pair * 4]!;
  }

  right(pair: number): number {
    return this.#cells[pair * 4 + 1]!;
  }

  count(pair: number): number {
    return this.#counts[pair * 2 + 1]!;
  }

  add(pair: number, count: number): void {
    this.#counts[pair * 2 + 1]! += count;
  }

  #place(pair: number): void {
    const mask = this.#slots.length - 1;
    let slot = hashPair(this.left(pair), this.right(pair)) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = pair + 1;
  }

  #grow(): void {
    const counts = new Float64Array(this.#counts.length * 2);
    counts.set(this.#counts);
    this.#counts = counts;
    const cells = new Int32Array(counts.buffer);
    this.#cells = cells;
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let pair = 0; pair < this.size; pair++) this.#place(pair);
  }
}

function hashPair(left: number, right: number): number {
  const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
