/** Code units that are turned into a string at once. */
const SHOWN_UNITS = 4096;

/**
 * A hash table whose keys are ranges of code units of some text, so that looking up a word needs no
 * substring. Keys get dense numbers from 0 in the order of insertion; values live in arrays beside it.
 */
export class WordTable {
  size = 0;
  #slots: Int32Array; // entry + 1, 0 = empty
  #hashes: Int32Array;
  #starts: Int32Array; // into #units; entry i ends where i + 1 starts
  #units: Uint16Array;
  /** The keys from `#shownFirst` to before `#shownEnd`, one after the other. */
  #shown = '';
  #shownFirst = 0;
  #shownEnd = 0;

  constructor(capacity = 1024) {
    const slots = 2 ** Math.ceil(Math.log2(capacity * 2));
    this.#slots = new Int32Array(slots);
    this.#hashes = new Int32Array(slots >> 1);
    this.#starts = new Int32Array((slots >> 1) + 1);
    this.#units = new Uint16Array(capacity * 8);
  }

  /** Hash of a range; pass it to `find` and `add`. */
  static hash(text: string, start: number, end: number): number {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return hash ^ (hash >>> 15);
  }

  /** The number of the key, or -1. */
  find(text: string, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1;
      if (entry < 0) return -1;
      if (this.#hashes[entry] === hash && this.#equals(entry, text, start, end)) return entry;
    }
  }

  /** Inserts a key that is not there yet and returns its number. */
  add(text: string, start: number, end: number, hash: number): number {
    if (this.size === this.#slots.length >> 1) this.#grow();
    const entry = this.size++;
    const from = this.#starts[entry]!;
    const to = from + end - start;
    if (to > this.#units.length) this.#units = resized(this.#units, Math.max(to, this.#units.length * 2));
    for (let i = start, at = from; i < end; i++) this.#units[at++] = text.charCodeAt(i);
    this.#starts[entry + 1] = to;
    this.#hashes[entry] = hash;
    this.#place(entry);
    return entry;
  }

  /** The key with this number, as a string. Going from one to the next is fast. */
  key(entry: number): string {
    if (entry < this.#shownFirst || entry >= this.#shownEnd) this.#show(entry);
    const base = this.#starts[this.#shownFirst]!;
    return this.#shown.substring(this.#starts[entry]! - base, this.#starts[entry + 1]! - base);
  }

  /** Turns keys from `entry` on into one string: a string for each costs several times as much. */
  #show(entry: number): void {
    const starts = this.#starts;
    let end = entry + 1;
    while (end < this.size && starts[end + 1]! - starts[entry]! <= SHOWN_UNITS) end++;
    let text = '';
    // In parts: engines limit the number of arguments.
    for (let at = starts[entry]!; at < starts[end]!; at += 4096) {
      const part = this.#units.subarray(at, Math.min(at + 4096, starts[end]!));
      text += String.fromCharCode.apply(null, part as unknown as number[]);
    }
    this.#shown = text;
    this.#shownFirst = entry;
    this.#shownEnd = end;
  }

  clear(): void {
    this.size = 0;
    this.#shownEnd = 0;
    this.#slots.fill(0);
  }

  #equals(entry: number, text: string, start: number, end: number): boolean {
    let at = this.#starts[entry]!;
    if (this.#starts[entry + 1]! - at !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#units[at++] !== text.charCodeAt(i)) return false;
    return true;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[entry]! & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }

  #grow(): void {
    const capacity = this.#slots.length;
    this.#hashes = resized(this.#hashes, capacity);
    this.#starts = resized(this.#starts, capacity + 1);
    this.#slots = new Int32Array(capacity * 2);
    for (let entry = 0; entry < this.size; entry++) this.#place(entry);
  }
}

function resized<T extends Int32Array | Uint16Array>(array: T, length: number): T {
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}
