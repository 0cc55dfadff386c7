// Between which characters no token reaches: there BPE cuts a text whatever stands around. It may say that a token
// reaches across where none does, never the other way around. `src/models/token-borders.ts` says more.
#pragma once
#include "token-search.h"

/** Bits of the filter of pairs; 256 kB. */
#define BORDER_BITS 21
/** By character: bits 0 to 15 for first bytes 0xe0 to 0xef of characters, bit 16 for those of two bytes. */
#define TWO_BYTES (1u << 16)

typedef struct {
  /** A bit for each two characters that stand beside each other in a token. */
  u32 *pairs;
  /** By character: with which first bytes a token ends after it, with which last bytes one begins before it. */
  u32 *chars;
} TokenBorders;

/** Where the bit of a pair is. Pairs whose second characters are near each other are near each other. */
static inline u32 pair_word(u32 left, u32 right) {
  return ((((left << 7) ^ (right >> 9)) * 0x9e3779b1u >> (41 - BORDER_BITS)) << 4) | ((right >> 5) & 15);
}

static inline u32 lead_bit(u32 character) { return character < 0x800 ? TWO_BYTES : 1u << (character >> 12); }

static inline u32 tail_bit(u32 character) { return 1u << (17 + (character & 0x3f) % 15); }

/** Whether a token may reach from the character `left` into `right`. */
static inline int joins(const TokenBorders *borders, u32 left, u32 right) {
  u32 pair = borders->pairs[pair_word(left, right)] & (1u << (right & 31));
  return (pair | (borders->chars[left] & lead_bit(right)) | (borders->chars[right] & tail_bit(left))) != 0;
}

RARE static void borders_init(TokenBorders *borders) {
  borders->pairs = take(1u << (BORDER_BITS - 3));
  borders->chars = take(0x10000 * 4);
}

/** Notes the characters that stand side by side in a token, those included that it has only a part of. */
RARE static void borders_add(TokenBorders *borders, const u8 *at, const u8 *end) {
  u32 *chars = borders->chars;
  const u8 *start = at;
  while (at < end && (*at & 0xc0) == 0x80) at++;
  // A character that began before the token.
  u32 tail = at > start ? tail_bit(at[-1]) : 0;
  i32 left = -1;
  for (int is_first = 1; at < end; is_first = 0) {
    u8 lead = *at;
    u32 length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    u32 found = (u32)(end - at) < length ? (u32)(end - at) : length;
    // The characters that begin like this: one, or 64, or those of a first byte.
    i32 from = -1, to = -1;
    if (length < 4) {
      from = lead < 0x80 ? lead : length == 2 ? (lead & 0x1f) << 6 : (lead & 0xf) << 12;
      if (found > 1) from |= (at[1] & 0x3f) << (length == 2 ? 0 : 6);
      if (found > 2) from |= at[2] & 0x3f;
      to = from + (1 << (6 * (length - found)));
    }
    if (is_first && tail != 0) {
      for (i32 character = from; character < to; character++) chars[character] |= tail;
    }
    if (left >= 0 && to - from > 64) {
      chars[left] |= 1u << (lead & 0xf);
    } else if (left >= 0 && length == 2 && to - from > 1) {
      chars[left] |= TWO_BYTES;
    } else if (left >= 0) {
      for (i32 character = from; character < to; character++) {
        borders->pairs[pair_word((u32)left, (u32)character)] |= 1u << (character & 31);
      }
    }
    left = to - from == 1 ? from : -1;
    at += found;
  }
}
