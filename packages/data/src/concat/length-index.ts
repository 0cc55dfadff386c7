/** Milliseconds of a bin. Lengths are rounded up to it, so that what is found always fits. */
const BIN_MS = 10;
const NONE = 0xffffffff;

/**
 * Clips by length, from which the longest that fits is taken in constant time: a list for each length, and two levels
 * of bits that say which lists hold something. A clip can be removed by its number as well.
 */
export class LengthIndex {
  readonly #heads: Uint32Array;
  readonly #next: Uint32Array;
  readonly #previous: Uint32Array;
  readonly #bins: Uint16Array | Uint32Array;
  readonly #words: Uint32Array;
  readonly #summary: Uint32Array;

  /** @param capacity how many clips there may be @param limit the longest, in milliseconds */
  constructor(capacity: number, limit: number) {
    const bins = Math.ceil(limit / BIN_MS) + 1;
    this.#heads = new Uint32Array(bins).fill(NONE);
    this.#next = new Uint32Array(capacity);
    this.#previous = new Uint32Array(capacity);
    this.#bins = bins < 65536 ? new Uint16Array(capacity) : new Uint32Array(capacity);
    this.#words = new Uint32Array((bins >>> 5) + 1);
    this.#summary = new Uint32Array((bins >>> 10) + 1);
  }

  add(clip: number, length: number): void {
    const bin = Math.ceil(length / BIN_MS);
    const head = this.#heads[bin]!;
    this.#bins[clip] = bin;
    this.#next[clip] = head;
    this.#previous[clip] = NONE;
    if (head !== NONE) this.#previous[head] = clip;
    else {
      this.#words[bin >>> 5]! |= 1 << (bin & 31);
      this.#summary[bin >>> 10]! |= 1 << ((bin >>> 5) & 31);
    }
    this.#heads[bin] = clip;
  }

  remove(clip: number): void {
    const next = this.#next[clip]!;
    const previous = this.#previous[clip]!;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous !== NONE) this.#next[previous] = next;
    else {
      const bin = this.#bins[clip]!;
      this.#heads[bin] = next;
      if (next === NONE) {
        const word = bin >>> 5;
        this.#words[word]! &= ~(1 << (bin & 31));
        if (this.#words[word] === 0) this.#summary[word >>> 5]! &= ~(1 << (word & 31));
      }
    }
  }

  /** The longest clip of at most `room` milliseconds, or −1. */
  longest(room: number): number {
    const bin = Math.min(Math.floor(room / BIN_MS), this.#heads.length - 1);
    if (bin < 0) return -1;
    let word = bin >>> 5;
    let bits = this.#words[word]! & upTo(bin & 31);
    if (bits === 0) {
      let group = word >>> 5;
      let groups = this.#summary[group]! & below(word & 31);
      while (groups === 0) {
        if (--group < 0) return -1;
        groups = this.#summary[group]!;
      }
      word = (group << 5) + highest(groups);
      bits = this.#words[word]!;
    }
    return this.#heads[(word << 5) + highest(bits)]!;
  }
}

const highest = (bits: number) => 31 - Math.clz32(bits);
/** Bits 0 … i, and 0 … i − 1. */
const upTo = (i: number) => (i === 31 ? 0xffffffff : (1 << (i + 1)) - 1);
const below = (i: number) => (1 << i) - 1;
