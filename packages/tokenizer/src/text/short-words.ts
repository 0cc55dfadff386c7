/** Longest key in bytes. */
export const SHORT = 11;

/** Masks of the three words of a key, by its length. */
export const KEY_MASKS: Int32Array = (() => {
  const masks = new Int32Array((SHORT + 1) * 4);
  for (let length = 0; length <= SHORT; length++) {
    for (let part = 0; part < 3; part++) {
      const bytes = Math.max(0, Math.min(4, length - part * 4));
      masks[length * 4 + part] = bytes === 4 ? -1 : (1 << (bytes * 8)) - 1;
    }
    masks[length * 4 + 3] = length << 24;
  }
  return masks;
})();

/** The filter has 2 to this as many bits as the table has places. */
const FILTER_BITS = 2;

/** Hash of a key of three words; the high bits are the best. */
export function hashKey(a: number, b: number, c: number): number {
  const hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}

/**
 * A hash table from words of 1 to `SHORT` bytes to numbers. A key is three 32-bit words, of which the last holds
 * the length too, so that comparing takes no loop.
 */
export class ShortWords {
  /** Three words of key, value; empty where the third is 0. */
  slots: Int32Array;
  shift: number;
  /** A bit for each hash of a key: small enough to stay near where most keys asked for are not there. */
  filter: Int32Array;
  #size = 0;

  constructor(capacity: number) {
    const bits = Math.max(5, Math.ceil(Math.log2(capacity * 1.6)));
    this.shift = 32 - bits;
    this.slots = new Int32Array(4 << bits);
    this.filter = new Int32Array(1 << (bits + FILTER_BITS - 5));
  }

  /** The value of the key, or -1. */
  find(a: number, b: number, c: number): number {
    const { slots, filter, shift } = this;
    const hash = hashKey(a, b, c);
    const bit = hash >>> (shift - FILTER_BITS);
    if ((filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return -1;
    const mask = slots.length - 1;
    for (let slot = (hash >>> shift) << 2; ; slot = (slot + 4) & mask) {
      const last = slots[slot + 2]!;
      if (last === c && slots[slot] === a && slots[slot + 1] === b) return slots[slot + 3]!;
      if (last === 0) return -1;
    }
  }

  /** Adds a key that is not there yet. */
  add(a: number, b: number, c: number, value: number): void {
    if (++this.#size * 3 > this.slots.length >> 1) this.#grow();
    this.#place(a, b, c, value);
  }

  #place(a: number, b: number, c: number, value: number): void {
    const { slots, filter, shift } = this;
    const mask = slots.length - 1;
    const hash = hashKey(a, b, c);
    const bit = hash >>> (shift - FILTER_BITS);
    filter[bit >>> 5]! |= 1 << (bit & 31);
    let slot = (hash >>> shift) << 2;
    while (slots[slot + 2] !== 0) slot = (slot + 4) & mask;
    slots[slot] = a;
    slots[slot + 1] = b;
    slots[slot + 2] = c;
    slots[slot + 3] = value;
  }

  #grow(): void {
    const old = this.slots;
    this.shift--;
    this.slots = new Int32Array(old.length * 2);
    this.filter = new Int32Array(this.filter.length * 2);
    for (let at = 0; at < old.length; at += 4) {
      if (old[at + 2] !== 0) this.#place(old[at]!, old[at + 1]!, old[at + 2]!, old[at + 3]!);
    }
  }
}
