/*
 * SentencePiece's normalizer from UTF-8 to UTF-8 in which a space stands for `▁`; the twin in JavaScript is
 * `ByteNormalizer`. Sixteen bytes at a time, as long as they stay as they are.
 */
#pragma once
#include <wasm_simd128.h>
#include "unigram-room.h"

/* Kinds of ASCII: to be looked up; no rule begins with it unless other than ASCII follows; none does at all. */
enum { RULED, PLAIN_BEFORE_ASCII, PLAIN };

static const u32 *rules;
static u32 rule_units;
static const u8 *replacements;
static u32 replacements_size;
static const u8 *kinds;
/* Bit h of entry l: whether the character 16 h + l is left as it is. */
static v128_t plain_characters;
static int adds_dummy_prefix;
static int removes_extra_whitespace;

static u8 *raw;
static u8 *normal;

/* A set of ASCII characters, for `members`. */
RARE static v128_t set_of(const u8 *is_member) {
  u8 rows[16] = {0};
  for (u32 c = 0; c < 0x80; c++) if (is_member[c]) rows[c & 15] |= (u8)(1u << (c >> 4));
  return wasm_v128_load(rows);
}

/* A bit for each of sixteen bytes: whether it is in the set. */
static inline u32 members(v128_t bytes, v128_t set) {
  const v128_t bits = wasm_i8x16_make(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  v128_t row = wasm_i8x16_swizzle(set, wasm_v128_and(bytes, wasm_i8x16_splat(15)));
  v128_t bit = wasm_i8x16_swizzle(bits, wasm_u8x16_shr(bytes, 4));
  v128_t outside = wasm_i8x16_eq(wasm_v128_and(row, bit), wasm_i8x16_splat(0));
  return (u32)wasm_i8x16_bitmask(outside) ^ 0xffff;
}

static inline u32 blanks(v128_t bytes) {
  return (u32)wasm_i8x16_bitmask(wasm_i8x16_eq(bytes, wasm_i8x16_splat(BLANK)));
}

/* The offset bits of a unit of Darts-clone's double array. */
static inline u32 rule_offset(u32 unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

/* The longest rule that matches at `at`: its value, or -1. After the text stands 0. */
SHARED static i32 longest_rule(const u8 *at, u32 *matched) {
  i32 value = -1;
  if (rule_units == 0) return value;
  u32 node = rule_offset(rules[0]);
  for (const u8 *to = at;; to++) {
    u8 byte = *to;
    node ^= byte;
    if (byte == 0 || node >= rule_units) return value;
    u32 unit = rules[node];
    if ((unit & 0x800000ffu) != byte) return value;
    node ^= rule_offset(unit);
    if (node >= rule_units) return value;
    if ((unit >> 8) & 1) {
      value = (i32)(rules[node] & 0x7fffffffu);
      *matched = (u32)(to + 1 - at);
    }
  }
}

RARE static u32 replacement_end(u32 start) {
  u32 end = start;
  while (end < replacements_size && replacements[end]) end++;
  return end;
}

/* Copies bytes with `▁` as a space. Returns where they end. */
static u32 put(const u8 *from, u32 length, u32 filled) {
  for (u32 i = 0; i < length; i++) {
    if (from[i] == 0xe2 && i + 2 < length && from[i + 1] == 0x96 && from[i + 2] == 0x81) {
      normal[filled++] = BLANK;
      i += 2;
    } else {
      normal[filled++] = from[i];
    }
  }
  return filled;
}

/* The end of what normalizes to single spaces at the beginning. */
RARE static u32 skip_spaces(u32 end) {
  for (u32 at = 0;;) {
    if (at >= end) return at;
    u32 matched;
    i32 value = longest_rule(raw + at, &matched);
    if (value < 0) {
      if (raw[at] != BLANK) return at;
      at++;
    } else {
      u32 start = (u32)value;
      if (replacement_end(start) - start != 1 || replacements[start] != BLANK) return at;
      at += matched;
    }
  }
}

/* Normalizes `raw[0..end)` to `normal`. Returns where that ends. */
SHARED static u32 normalize_text(u32 end) {
  __builtin_memset(raw + end, 0, PADDING);
  u32 removes = removes_extra_whitespace ? 1 : 0;
  u32 at = removes ? skip_spaces(end) : 0;
  u32 filled = 0;
  if (at < end && adds_dummy_prefix) normal[filled++] = BLANK;
  u32 after_space = removes;
  while (at < end) {
    v128_t bytes = wasm_v128_load(raw + at);
    u32 is_blank = blanks(bytes);
    u32 changes = members(bytes, plain_characters) ^ 0xffff;
    if (removes) changes |= is_blank & (is_blank << 1 | after_space);
    /* The last of them may be changed with what follows, if that is not ASCII. */
    u32 stay = changes ? (u32)__builtin_ctz(changes) : 16;
    if (stay > 0 && raw[at + stay] >= 0x80) stay--;
    wasm_v128_store(normal + filled, bytes);
    filled += stay;
    at += stay;
    if (stay > 0) after_space = (is_blank >> (stay - 1)) & removes;
    if (stay == 16) continue;
    if (at >= end) break;
    u8 byte = raw[at];
    if (kinds[byte] > raw[at + 1] >> 7) {
      u32 is_space = byte == BLANK;
      normal[filled] = byte;
      filled += 1 - (is_space & after_space);
      after_space = is_space & removes;
      at++;
      continue;
    }
    u32 matched;
    i32 value = longest_rule(raw + at, &matched);
    if (value >= 0) {
      u32 start = (u32)value;
      u32 stop = replacement_end(start);
      at += matched;
      if (after_space) while (start < stop && replacements[start] == BLANK) start++;
      if (start >= stop) continue;
      extend((u64)(u32)normal + filled + (stop - start) + (end - at) + PADDING);
      after_space = removes && replacements[stop - 1] == BLANK;
      filled = put(replacements + start, stop - start, filled);
    } else if (byte == BLANK) {
      if (!after_space) normal[filled++] = BLANK;
      after_space = removes;
      at++;
    } else {
      u32 length = length_of(byte);
      filled = put(raw + at, length, filled);
      after_space = 0;
      at += length;
    }
  }
  if (removes) while (filled > 0 && normal[filled - 1] == BLANK) filled--;
  return filled;
}
