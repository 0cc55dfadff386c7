/**
 * A hash table from pairs of non-negative 32-bit integers to dense numbers, counted from 0 in the order of
 * insertion. Values live in arrays beside it.
 */
export class PairTable {
  size = 0;
  #slots: Int32Array; // entry + 1, 0 = empty
  #lefts: Int32Array;
  #rights: Int32Array;

  constructor(capacity = 1024) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(capacity, 8) * 2));
    this.#slots = new Int32Array(slots);
    this.#lefts = new Int32Array(slots >> 1);
    this.#rights = new Int32Array(slots >> 1);
  }

  /** The number of the pair, or -1. */
  find(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashPair(left, right) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1;
      if (entry < 0) return -1;
      if (this.#lefts[entry] === left && this.#rights[entry] === right) return entry;
    }
  }

  /** The number of the pair, inserted when it is new. */
  findOrAdd(left: number, right: number): number {
    const found = this.find(left, right);
    if (found >= 0) return found;
    if (this.size === this.#slots.length >> 1) this.#grow();
    const entry = this.size++;
    this.#lefts[entry] = left;
    this.#rights[entry] = right;
    this.#place(entry);
    return entry;
  }

  left(entry: number): number {
    return this.#lefts[entry]!;
  }

  right(entry: number): number {
    return this.#rights[entry]!;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = hashPair(this.#lefts[entry]!, this.#rights[entry]!) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }

  #grow(): void {
    const lefts = new Int32Array(this.#slots.length);
    const rights = new Int32Array(this.#slots.length);
    lefts.set(this.#lefts);
    rights.set(this.#rights);
    this.#lefts = lefts;
    this.#rights = rights;
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let entry = 0; entry < this.size; entry++) this.#place(entry);
  }
}

function hashPair(left: number, right: number): number {
  const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
