// The bytes of tokens, and decoding: these bytes one after the other. The twin is src/decoders/byte-level-decoder.ts.
#pragma once
#include "memory.h"

static const u8 *blob;
/** Where the bytes of each token start. */
static const u32 *starts;
static u32 token_limit;
/** Bits by id: tokens that the caller must be asked for. */
static u32 *asked;
static u8 *gathered_end;

static void gather_init(const u8 *bytes, const u32 *token_starts, u32 limit) {
  blob = bytes;
  starts = token_starts;
  token_limit = limit;
  asked = take((limit / 32 + 1) * 4);
}

/** Says that the caller must be asked for a token; of `limit` or more, that it need not be for any. */
EXPORT("ask") RARE void ask(u32 id) {
  if (id < token_limit) asked[id >> 5] |= 1u << (id & 31);
  else __builtin_memset(asked, 0, (token_limit / 32 + 1) * 4);
}

/**
 * Writes the bytes of tokens to `to`, up to the first that is to be asked for or has no bytes, or for which there is no
 * room. 16 bytes more than the room may be written.
 * @param ids doubles, as they may be no ids at all
 * @returns how many tokens were written
 */
EXPORT("gather") u32 gather(const double *ids, u32 count, u8 *to, const u8 *end) {
  u32 i = 0;
  for (; i < count; i++) {
    u32 id = (u32)__builtin_wasm_trunc_saturate_u_i32_f64(ids[i]);
    if ((double)id != ids[i] || id >= token_limit || (asked[id >> 5] & (1u << (id & 31))) != 0) break;
    const u8 *from = blob + starts[id];
    u32 length = starts[id + 1] - starts[id];
    if (length == 0 || length > (u32)(end - to)) break;
    __builtin_memcpy(to, from, 16);
    if (unlikely(length > 16)) __builtin_memcpy(to + 16, from + 16, length - 16);
    to += length;
  }
  gathered_end = to;
  return i;
}

/** Where the bytes of the last `gather` end. */
EXPORT("gatheredEnd") u8 *gathered(void) { return gathered_end; }
