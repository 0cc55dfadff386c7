import type { IdBuffer } from '../text/id-buffer.ts';

/** Longest word in bytes. */
export const LONG = 24;
/** Words that are remembered: 2 to this at most, 64 bytes each. */
const BITS = 13;
const KEY_WORDS = LONG >> 2;
const MAX_IDS = 15 - KEY_WORDS;

/** Words of at most `LONG` bytes met lately and their ids, in one entry each. A new word takes the place of an old one. */
export class LongWords {
  /** How many ids, times 256, plus the length (0 = empty); the bytes, filled up with zeros; the ids. */
  readonly #entries = new Int32Array(16 << BITS);
  readonly #key = new Int32Array(KEY_WORDS);

  /** Appends the ids of a word, for which there must be room, or returns false. */
  find(view: DataView, start: number, length: number, out: IdBuffer): boolean {
    const slot = this.#locate(view, start, length);
    const entries = this.#entries;
    const key = this.#key;
    const about = entries[slot]!;
    if ((about & 0xff) !== length) return false;
    for (let i = 0; i < KEY_WORDS; i++) if (entries[slot + 1 + i] !== key[i]) return false;
    const { ids } = out;
    const first = slot + 1 + KEY_WORDS;
    const last = first + (about >> 8);
    for (let at = first; at < last; at++) ids[out.count++] = entries[at]!;
    return true;
  }

  /** Remembers the last `count` ids as those of a word. */
  add(view: DataView, start: number, length: number, { ids, count: end }: IdBuffer, count: number): void {
    if (count > MAX_IDS) return;
    const slot = this.#locate(view, start, length);
    const entries = this.#entries;
    entries[slot] = (count << 8) | length;
    entries.set(this.#key, slot + 1);
    for (let i = 0; i < count; i++) entries[slot + 1 + KEY_WORDS + i] = ids[end - count + i]!;
  }

  /** Makes the key of a word and says where its entry is. */
  #locate(view: DataView, start: number, length: number): number {
    const key = this.#key;
    let hash = length;
    for (let i = 0, left = length; i < KEY_WORDS; i++, left -= 4) {
      let word = 0;
      if (left >= 4) word = view.getInt32(start + i * 4, true);
      else if (left > 0) word = view.getInt32(start + i * 4, true) & ((1 << (left * 8)) - 1);
      key[i] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return (Math.imul(hash, 0x2c1b3c6d) >>> (32 - BITS)) << 4;
  }
}
