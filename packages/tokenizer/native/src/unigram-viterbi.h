/*
 * The segmentation of highest total score of a range of UTF-8 (Viterbi; Kudo 2018, section 3.2). The twin in
 * JavaScript is `UnigramViterbi`: both add and compare in the same order.
 */
#pragma once
#include "unigram-trie.h"

/* SentencePiece sets sums back to 0 where they pass this, either way, so that they stay exact enough. */
#define RESET 100000.0f
#define NO_ONE (-1)

/* By id. */
static double *scores;
static double unknown_score;
static i32 unknown_id;

/* A position of the text: the best path to it. */
typedef struct {
  double best;
  double second;
  i32 from;
  i32 by;
} Position;

static Position *lattice;
/* By how much the path last found beat the runner-up, where they were closest. */
static double margin;

/* Damaged rules may have made half characters. */
static inline u32 char_end_at(const u8 *bytes, u32 at, u32 length) {
  u32 end = at + length_of(bytes[at]);
  return end < length ? end : length;
}

/* Makes room for positions from 0 to `length`. */
static void make_lattice(u32 length) { extend((u64)(u32)lattice + (length + 1ull) * sizeof(Position)); }

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS void offer(Position *to, double total, u32 from, i32 by, int is_exact) {
  if (to->from < 0) {
    *to = (Position){total, -__builtin_inf(), (i32)from, by};
  } else if (total > to->best) {
    *to = (Position){total, is_exact ? to->best : 0, (i32)from, by};
  } else if (is_exact && total > to->second) {
    to->second = total;
  }
}

/*
 * Finds the best paths to all positions of `bytes[0..length)`, whole characters. Of two pieces that come to equal sums,
 * the one that begins first stays. Sums are exact enough, in doubles, or as SentencePiece has them: in 32-bit floats,
 * set back to 0 where they pass `RESET`.
 * Returns whether there is a path: not where a character is in no piece and there is no unknown piece.
 */
ALWAYS int run(const u8 *bytes, u32 length, double initial, int is_exact) {
  // Where no path has come to, nothing else is looked at.
  for (u32 i = 1; i <= length; i++) lattice[i].from = NO_ONE;
  lattice[0] = (Position){initial, -__builtin_inf(), NO_ONE, 0};
  u32 frontier = 0;
  for (u32 at = 0; at < length;) {
    double score = lattice[at].best;
    if (!is_exact && (score < -RESET || score > RESET)) {
      for (u32 i = at + 1; i <= frontier; i++) lattice[i].best = (float)lattice[i].best - (float)score;
      score = 0;
    }
    u32 char_end = char_end_at(bytes, at, length);
    int is_covered = 0;
    u32 to = at;
    u32 base = root_base;
    while (to < length) {
      u32 unit = step_from(base, bytes[to++]);
      if (!unit) break;
      i32 id = units[unit].id;
      if (id >= 0) {
        is_covered |= to == char_end;
        if (!is_exact && to > frontier) frontier = to;
        double total = is_exact ? score + scores[id] : (float)score + (float)scores[id];
        offer(&lattice[to], total, at, id, is_exact);
      }
      base = base_of(unit);
    }
    if (!is_covered) {
      if (unknown_id < 0) return 0;
      if (!is_exact && char_end > frontier) frontier = char_end;
      double total = is_exact ? score + unknown_score : (float)score + (float)unknown_score;
      offer(&lattice[char_end], total, at, unknown_id, is_exact);
    }
    at = char_end;
  }
  return 1;
}

/* Segments a range with exact enough sums. The path lies in `lattice`. Returns whether there is one. */
SHARED static int search(const u8 *bytes, u32 length) {
  if (!run(bytes, length, 0, 1)) return 0;
  margin = __builtin_inf();
  for (u32 at = length; at > 0; at = (u32)lattice[at].from) {
    double lead = lattice[at].best - lattice[at].second;
    if (lead < margin) margin = lead;
  }
  return 1;
}

/* The same as SentencePiece does it. */
SHARED static int search_in_floats(const u8 *bytes, u32 length, float initial) {
  return run(bytes, length, initial, 0);
}

/* Turns the path around: `from` of a position on it is then where the next piece ends, whose id is `by` there. */
SHARED static void turn_path(u32 length) {
  i32 next = (i32)length;
  for (i32 at = lattice[length].from;;) {
    i32 before = lattice[at].from;
    lattice[at].from = next;
    if (at == 0) return;
    next = at;
    at = before;
  }
}
