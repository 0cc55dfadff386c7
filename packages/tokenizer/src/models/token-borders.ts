import type { TokenBytes } from './token-bytes.ts';

/** Bits of the filter of pairs; 256 kB. */
const PAIR_BITS = 21;
/** By character: bits 0 to 15 for first bytes 0xe0 to 0xef of characters, bit 16 for those of two bytes. */
const TWO_BYTES = 1 << 16;

/**
 * Between which characters no token reaches: there BPE cuts a text whatever stands around, so that what is between
 * two such places can be encoded, and remembered, by itself. In scripts without spaces these are most places.
 *
 * It may say that a token reaches across where none does, never the other way around. Only boundaries with a
 * character of three bytes at one side and none of four at the other are looked at. The readable twin
 * goes through all tokens, in the test.
 */
export class TokenBorders {
  /** A bit for each two characters that stand beside each other in a token, those of one first character close together. */
  readonly pairs: Int32Array = new Int32Array(1 << (PAIR_BITS - 5));
  /**
   * By character: with which first bytes a token ends after it (bits 0 to 16), with which last bytes a token begins
   * before it (bits 17 to 31, by `tailBit`).
   */
  readonly chars: Int32Array = new Int32Array(0x10000);

  /** @param counts says which tokens ever come out of BPE */
  constructor({ blob, starts, limit }: TokenBytes, counts: (id: number) => boolean) {
    let id = 0;
    for (let at = 0, end = starts[limit]!; at < end; at++) {
      if (blob[at]! < 0x80) continue;
      while (starts[id + 1]! <= at) id++;
      if (counts(id)) this.#add(blob, starts[id]!, starts[id + 1]!);
      at = starts[id + 1]! - 1;
    }
  }

  /** Whether a token may reach from the character `left` into `right`. */
  joins(left: number, right: number): boolean {
    const { pairs, chars } = this;
    if (pairs[pairWord(left, right)]! & (1 << (right & 31))) return true;
    return (chars[left]! & leadBit(right)) !== 0 || (chars[right]! & tailBit(left)) !== 0;
  }

  #add(blob: Uint8Array, start: number, end: number): void {
    const { chars } = this;
    let at = start;
    while (at < end && (blob[at]! & 0xc0) === 0x80) at++;
    // A character that began before the token.
    const tail = at > start ? 1 << (17 + ((blob[at - 1]! & 0x3f) % 15)) : 0;
    let left = -1;
    for (let isFirst = true; at < end; isFirst = false) {
      const lead = blob[at]!;
      const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      const stop = Math.min(end, at + length);
      // The characters that begin like this: one, or 64, or those of a first byte.
      let [from, to] = [-1, -1];
      if (length < 4) {
        from = lead < 0x80 ? lead : length === 2 ? (lead & 0x1f) << 6 : (lead & 0xf) << 12;
        if (stop - at > 1) from |= (blob[at + 1]! & 0x3f) << (length === 2 ? 0 : 6);
        if (stop - at > 2) from |= blob[at + 2]! & 0x3f;
        to = from + (1 << (6 * (length - (stop - at))));
      }
      if (isFirst && tail !== 0) for (let char = from; char < to; char++) chars[char]! |= tail;
      if (left >= 0 && to - from > 64) chars[left]! |= 1 << (lead & 0xf);
      else if (left >= 0 && length === 2 && to - from > 1) chars[left]! |= TWO_BYTES;
      else if (left >= 0) {
        for (let char = from; char < to; char++) this.pairs[pairWord(left, char)]! |= 1 << (char & 31);
      }
      left = to - from === 1 ? from : -1;
      at = stop;
    }
  }
}

/** Where the bit of a pair is. Pairs whose second characters are near each other are near each other. */
export const pairWord = (left: number, right: number): number =>
  ((Math.imul((left << 7) ^ (right >>> 9), 0x9e3779b1) >>> (41 - PAIR_BITS)) << 4) | ((right >>> 5) & 15);

/** The bit of a character's first byte. */
const leadBit = (char: number): number => (char < 0x800 ? TWO_BYTES : 1 << (char >>> 12));

/** The bit of a character's last byte. */
const tailBit = (char: number): number => 1 << (17 + ((char & 0x3f) % 15));
