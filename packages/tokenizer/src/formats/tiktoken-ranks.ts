import { type PackedBpe, sortById } from '../models/packed-bpe.ts';
import { hashBytes, type TokenBytes } from '../models/token-bytes.ts';
import { MAX_ID } from '../models/vocabulary.ts';

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const PAD = 0x3d;
/** The six bits of each base64 character; 64 for others. */
const SIX_BITS: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(64);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (let i = 0; i < 64; i++) table[alphabet.charCodeAt(i)] = i;
  return table;
})();

/**
 * Reads a tiktoken rank file into typed arrays, without a string for each token. Returns null for what is out of the
 * ordinary or malformed: the reader of `tiktoken.ts`, the readable twin, then says what is wrong.
 */
export function packRanks(file: string): PackedBpe | null {
  const text = new TextEncoder().encode(file);
  const blob = new Uint8Array(((text.length * 3) >> 2) + 16);
  const lines = (text.length >> 3) + 1;
  const ends = new Int32Array(lines);
  const ids = new Int32Array(lines);
  let count = 0;
  let filled = 0;
  let limit = 0;
  for (let at = 0; at < text.length; ) {
    if (text[at] === CR && text[at + 1] === LF) at++;
    if (text[at] === LF) {
      at++;
      continue;
    }
    const start = filled;
    // Four characters, three bytes; the last may be padding.
    let padding = 0;
    while (padding === 0 && text[at] !== BLANK) {
      const a = SIX_BITS[text[at]!]!;
      const b = SIX_BITS[text[at + 1]!]!;
      let c = SIX_BITS[text[at + 2]!]!;
      let d = SIX_BITS[text[at + 3]!]!;
      if (text[at + 3] === PAD) {
        d = 0;
        padding = 1;
        if (text[at + 2] === PAD) {
          c = 0;
          padding = 2;
        }
      }
      // 64 or, past the end, undefined
      if (!(a < 64 && b < 64 && c < 64 && d < 64)) return null;
      blob[filled] = (a << 2) | (b >> 4);
      blob[filled + 1] = (b << 4) | (c >> 2);
      blob[filled + 2] = (c << 6) | d;
      filled += 3 - padding;
      at += 4;
    }
    if (text[at++] !== BLANK || filled === start || count === lines) return null;
    let id = text[at]! - 0x30;
    if (!(id >= 0 && id <= 9)) return null;
    for (at++; text[at]! >= 0x30 && text[at]! <= 0x39 && id <= MAX_ID; at++) id = id * 10 + text[at]! - 0x30;
    if (text[at] === CR) at++;
    if (id > MAX_ID || (at < text.length && text[at++] !== LF)) return null;
    ids[count] = id;
    ends[count++] = filled;
    if (id >= limit) limit = id + 1;
  }
  if (count === 0) return null;
  const bytes = sortById(blob, ends.subarray(0, count), ids.subarray(0, count), limit, new Map());
  if (bytes === null || bytes.hasDuplicates()) return null;
  return { bytes, mergeIds: mergesOf(bytes) };
}

/** Each way of cutting a token into two tokens, in the order of rank: what `mergesOf` in `tiktoken.ts` finds. */
function mergesOf(bytes: TokenBytes): Int32Array {
  const { blob, starts, limit } = bytes;
  let merges = new Int32Array(limit * 9);
  let filled = 0;
  for (let id = 0; id < limit; id++) {
    const start = starts[id]!;
    const end = starts[id + 1]!;
    let hash = 0;
    for (let cut = start + 1; cut < end; cut++) {
      hash = hashBytes(blob, cut - 1, cut, hash);
      const left = bytes.find(blob, start, cut, hash);
      if (left < 0) continue;
      const right = bytes.find(blob, cut, end, hashBytes(blob, cut, end, 0));
      if (right < 0) continue;
      if (filled + 3 > merges.length) {
        const grown = new Int32Array(merges.length * 2);
        grown.set(merges);
        merges = grown;
      }
      merges[filled] = left;
      merges[filled + 1] = right;
      merges[filled + 2] = id;
      filled += 3;
    }
  }
  return merges.slice(0, filled);
}
