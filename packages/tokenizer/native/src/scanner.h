// Finds pre-tokens in UTF-8: a table steps through ASCII, and where that does not suffice, functions written for
// each pattern find the end of one pre-token. The twin of `src/pre-tokenizers/byte-scanners.ts`.
#pragma once
#include "token-search.h"

#define LETTER 1
#define NUMBER 2
#define SPACE 4
#define NEWLINE 8
#define UPPER 16
#define LOWER 32
#define WORDLIKE (LETTER | NUMBER | SPACE)

/** Stands after the text; no UTF-8 holds it. */
#define END 0xff
/** Nothing that a pattern looks at beyond a pre-token is longer than this. */
#define LOOKAHEAD 8
#define ESCAPE 4
#define KINDS 16
/** Blocks of 256 code points. */
#define BLOCKS 0x1100

enum { GPT2 = 0, CL100K = 1, O200K = 2, WHOLE = 3 };

typedef struct {
  u32 pattern;
  /** Of cl100k and its kin: how many digits stay together, whether white space that ends the text stays whole. */
  u32 digits;
  u32 trailing;
  /** The kind of each byte; the same times KINDS. */
  u8 kinds[256];
  u8 first_kinds[256];
  /** By state (times KINDS) and kind: see `ascii-tables.ts`. */
  const u16 *table;
  /** By state (times 256) and kinds of two bytes. */
  u32 *actions;
  /** The property bits of code points: see `pack_classes`. */
  const u8 *classes;
  const u8 *text;
  const u8 *end;
  u32 more;
} Scanner;

static Scanner scanner;

RARE static void scanner_init(u32 pattern, u32 digits, u32 trailing, const u8 *kinds, const u16 *table, u32 table_size,
                              const u8 *classes) {
  scanner.pattern = pattern;
  scanner.digits = digits;
  scanner.trailing = trailing;
  scanner.table = table;
  scanner.classes = classes;
  for (u32 byte = 0; byte < 256; byte++) {
    scanner.kinds[byte] = kinds[byte];
    scanner.first_kinds[byte] = (u8)(kinds[byte] * KINDS);
  }
  scanner.actions = take(table_size * KINDS * 4);
  for (u32 at = 0; at < table_size * KINDS; at++) {
    u32 first = table[at >> 4];
    u32 second = first & ESCAPE ? ESCAPE : table[(first >> 3) + (at & 15)];
    scanner.actions[at] =
        second & ESCAPE ? ESCAPE : (first & 3) | ((second & 3) << 3) | ((second >> 3) * KINDS << 5);
  }
}

/**
 * Packs the property bits of all code points: the number of each block of 256, then the blocks, equal ones once.
 * @returns how many bytes that is
 */
RARE static u32 pack_classes(const u8 *all, u8 *packed) {
  u32 count = 0;
  u8 *kept = packed + BLOCKS;
  for (u32 block = 0; block < BLOCKS; block++) {
    const u8 *from = all + block * 256;
    u32 known = count;
    // The one before is the likeliest.
    while (known-- > 0) {
      u32 at = 0;
      while (at < 256 && load64(from + at) == load64(kept + known * 256 + at)) at += 8;
      if (at == 256) break;
    }
    if (known == ~0u) {
      if (count == 256) __builtin_trap();
      known = count++;
      __builtin_memcpy(kept + known * 256, from, 256);
    }
    packed[block] = (u8)known;
  }
  return BLOCKS + count * 256;
}

static inline u32 code_point(const u8 *at) {
  u8 lead = at[0];
  if (lead < 0x80) return lead;
  if (lead < 0xe0) return ((u32)(lead & 0x1f) << 6) | (at[1] & 0x3f);
  if (lead < 0xf0) return three_bytes(at);
  return ((u32)(lead & 7) << 18) | ((u32)(at[1] & 0x3f) << 12) | ((u32)(at[2] & 0x3f) << 6) | (at[3] & 0x3f);
}

/** Bytes of the character at `at`, which must not be the end. */
static inline u32 char_length(const u8 *at) { return *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4; }

static inline u32 class_of(const u8 *classes, u32 point) {
  return classes[BLOCKS + ((u32)classes[point >> 8] << 8) + (point & 0xff)];
}

/** Property bits of the character at `at`, which must not be the end. */
SHARED static u32 class_at(const u8 *at) { return class_of(scanner.classes, code_point(at)); }

/** The end of the run of characters whose bits under `mask` equal `value`. */
SHARED static const u8 *run_end(const u8 *at, u32 mask, u32 value) {
  const u8 *classes = scanner.classes;
  for (;;) {
    u8 lead = *at;
    if (lead < 0x80) {
      if ((classes[BLOCKS + ((u32)classes[0] << 8) + lead] & mask) != value) return at;
      at++;
    } else if (lead >= 0xe0 && lead < 0xf0) {
      if ((class_of(classes, three_bytes(at)) & mask) != value) return at;
      at += 3;
    } else {
      if (lead == END || (class_at(at) & mask) != value) return at;
      at += lead < 0xe0 ? 2 : 4;
    }
  }
}

/** `\s+(?!\S)|\s+`: white space that leaves its last character to a word that follows. */
RARE static const u8 *whitespace_end(const u8 *start, const u8 *stop) {
  if (stop >= scanner.end) return stop;
  const u8 *last = stop - 1;
  while ((*last & 0xc0) == 0x80) last--;
  return last > start ? last : stop;
}

/** Length of `'s|'t|'re|'ve|'m|'ll|'d` at an apostrophe, or 0. */
RARE static u32 contraction(const u8 *at) {
  u8 first = at[1], second = at[2];
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if (second == 'e') return first == 'r' || first == 'v' ? 3 : 0;
  return first == 'l' && second == 'l' ? 3 : 0;
}

/** The same in any case; ſ (long s) folds to s. */
RARE static u32 folded_contraction(const u8 *at) {
  u8 first = at[1], second = at[2];
  if (first == 0xc5) return second == 0xbf ? 3 : 0;
  if (first >= 0x80 || first < 'A') return 0;
  u8 letter = first | 0x20;
  if (letter == 's' || letter == 't' || letter == 'm' || letter == 'd') return 2;
  if (second < 'A' || second >= 0x80) return 0;
  if ((second | 0x20) == 'e') return letter == 'r' || letter == 'v' ? 3 : 0;
  return letter == 'l' && (second | 0x20) == 'l' ? 3 : 0;
}

/** The end of up to `limit` numbers. */
RARE static const u8 *numbers_end(const u8 *at, u32 limit) {
  for (u32 count = 0; count < limit && *at != END && (class_at(at) & NUMBER); count++) at += char_length(at);
  return at;
}

/** ` ?[^\s\p{L}\p{N}]+` and after it any of `\r\n` and (o200k) `/`; null where it does not match. */
RARE static const u8 *symbols_end(const u8 *start, int slash) {
  const u8 *from = *start == ' ' ? start + 1 : start;
  const u8 *at = run_end(from, WORDLIKE, 0);
  if (at == from) return 0;
  while (*at == '\n' || *at == '\r' || (slash && *at == '/')) at++;
  return at;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`; with `trailing`, white space that ends the text stays whole. */
RARE static const u8 *lines_end(const u8 *start, int trailing) {
  const u8 *stop = run_end(start, SPACE, SPACE);
  if (stop == scanner.end && (trailing || scanner.more)) return stop;
  for (const u8 *at = stop; at-- > start;) {
    if (*at == '\n' || *at == '\r') return at + 1;
  }
  return whitespace_end(start, stop);
}

RARE static const u8 *step_gpt2(const u8 *at) {
  u32 length = *at == '\'' ? contraction(at) : 0;
  if (length > 0) return at + length;
  const u8 *from = *at == ' ' ? at + 1 : at;
  u32 kind = from == scanner.end ? SPACE : class_at(from) & WORDLIKE;
  if (kind != SPACE) return run_end(from, WORDLIKE, kind);
  return whitespace_end(at, run_end(at, SPACE, SPACE));
}

/** cl100k, Llama-3 and Qwen2. */
RARE static const u8 *step_cl100k(const u8 *at) {
  u32 length = *at == '\'' ? folded_contraction(at) : 0;
  if (length > 0) return at + length;
  u32 kind = class_at(at);
  if (kind & LETTER) return run_end(at, LETTER, LETTER);
  if (kind & NUMBER) return numbers_end(at, scanner.digits);
  if ((kind & NEWLINE) == 0) {
    const u8 *from = at + char_length(at);
    const u8 *stop = run_end(from, LETTER, LETTER);
    if (stop > from) return stop;
  }
  const u8 *symbols = symbols_end(at, 0);
  return symbols ? symbols : lines_end(at, (int)scanner.trailing);
}

/** `U*L+` from `start`, as a backtracking matcher finds it; null where it does not match. */
SHARED static const u8 *lower_end(const u8 *start) {
  const u8 *upper = run_end(start, UPPER, UPPER);
  const u8 *lower = run_end(upper, LOWER, LOWER);
  if (lower > upper || (scanner.more && upper == scanner.end)) return lower;
  // U* gives characters back until one can begin L+.
  for (const u8 *at = upper; at > start;) {
    const u8 *before = at - 1;
    while ((*before & 0xc0) == 0x80) before--;
    if (class_at(before) & LOWER) return at;
    at = before;
  }
  return 0;
}

/** o200k: words are capitals then small letters, with an ending contraction. */
RARE static const u8 *step_o200k(const u8 *at) {
  u32 kind = class_at(at);
  const u8 *prefixed = (kind & (LETTER | NUMBER | NEWLINE)) == 0 ? at + char_length(at) : 0;
  const u8 *stop = prefixed ? lower_end(prefixed) : 0;
  if (!stop) stop = lower_end(at);
  if (!stop && prefixed) {
    const u8 *upper = run_end(prefixed, UPPER, UPPER);
    if (upper > prefixed) stop = upper;
  }
  if (!stop && (kind & UPPER)) stop = run_end(at, UPPER, UPPER);
  if (stop) return stop + (*stop == '\'' ? folded_contraction(stop) : 0);
  if (kind & NUMBER) return numbers_end(at, 3);
  const u8 *symbols = symbols_end(at, 1);
  return symbols ? symbols : lines_end(at, 0);
}

/** The end of the pre-token that begins at `at`, before the end. */
static const u8 *step(const u8 *at) {
  if (scanner.pattern == GPT2) return step_gpt2(at);
  return scanner.pattern == CL100K ? step_cl100k(at) : step_o200k(at);
}

/** Writes the ends of the pre-tokens from `start` on, as many as there is room for. Returns how many. */
SHARED static u32 scan(u32 start, u32 *ends, u32 room) {
  const u8 *text = scanner.text;
  const u32 *actions = scanner.actions;
  u32 end = (u32)(scanner.end - text);
  u32 more = scanner.more;
  if (scanner.pattern == WHOLE) {
    if (more || start == end) return 0;
    ends[0] = end;
    return 1;
  }
  room -= 2;
  u32 count = 0;
  u32 state = 0;
  for (u32 at = start; count < room;) {
    u32 both = actions[state + scanner.first_kinds[text[at]] + scanner.kinds[text[at + 1]]];
    if (likely((both & ESCAPE) == 0)) {
      ends[count] = at - ((both >> 1) & 1);
      count += both & 1;
      ends[count] = at + 1 - ((both >> 4) & 1);
      count += (both >> 3) & 1;
      state = both >> 5;
      at += 2;
      continue;
    }
    u32 action = scanner.table[(state >> 4) + scanner.kinds[text[at]]];
    ends[count] = at - ((action >> 1) & 1);
    count += action & 1;
    state = (action >> 3) * KINDS;
    at++;
    if ((action & ESCAPE) == 0) continue;
    u32 from = count > 0 ? ends[count - 1] : start;
    if (from >= end) break;
    at = (u32)(step(text + from) - text);
    if (at > (more ? end - LOOKAHEAD : end)) break;
    ends[count++] = at;
    state = 0;
  }
  return count;
}
