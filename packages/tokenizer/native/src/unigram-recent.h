/*
 * Words met lately and their ids.
 *
 * Where two segmentations of a word are nearly as good, rounding of the sum over the whole text decides in
 * SentencePiece. So a word is remembered with the sum up to which its segmentation is certain.
 */
#pragma once
#include "unigram-viterbi.h"

/* Words of up to this many bytes are remembered. */
#define SHORT 16u
/* Pairs of places: 2 to this. */
#define PAIR_BITS 15
/* Ids of words that have more than two. */
#define POOL (1u << 18)
/* The part of `RESET` that sums are surely below before a word in which one of its positions passes it. */
#define NEAR (0.9f * RESET)

typedef struct {
  u64 low, high; /* the bytes */
  float certain; /* its segmentation is, beside a sum below this, either way */
  u8 length;
  u8 is_unknown; /* one unknown character, which joins others beside it */
  u16 count;
  i32 first, second; /* ids; where there are more than two, `first` is where they begin in the pool */
} Entry;

/* The word met last comes first. */
typedef struct {
  Entry entry[2];
} Pair;

static Pair *table;
static i32 *pool;
static u32 pooled;
/* An id that adds nothing to a sum. */
static i32 nothing;
static int is_over_text;
/* For each length of a word, which bits of `low` and `high` are its. */
static u64 masks[SHORT + 1][2];

RARE static void make_table(void) {
  for (u32 length = 1; length <= SHORT; length++) {
    masks[length][0] = length >= 8 ? ~0ull : ~0ull >> (64 - 8 * length);
    masks[length][1] = length <= 8 ? 0 : ~0ull >> (128 - 8 * length);
  }
  table = (Pair *)room();
  keep(sizeof(Pair) << PAIR_BITS);
  pool = (i32 *)room();
  keep(POOL * sizeof(i32));
  __builtin_memset(table, 0, sizeof(Pair) << PAIR_BITS);
}

static inline Pair *pair_of(u64 low, u64 high) {
  u64 hash = (low ^ (high * 0x9e3779b97f4a7c15ull)) * 0xd6e8feb86659fd93ull;
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93ull;
  return &table[hash >> (64 - PAIR_BITS)];
}

static inline int is_same(const Entry *entry, u64 low, u64 high, u32 length) {
  return ((entry->low ^ low) | (entry->high ^ high) | (entry->length ^ length)) == 0;
}

/* How much less than another segmentation of `length` bytes the best one must cost to be certain beside such a sum. */
RARE static double float_error(float sum, u32 length) {
  /* Every addition is off by half a unit in the last place; a byte costs well below 64. */
  double most = __builtin_fabsf(sum) + 64.0 * length;
  double power = 1;
  while (power < most) power *= 2;
  return length * power / (1 << 24);
}

/* The largest sum beside which the segmentation just found is certain, or -1. */
RARE static float certain_up_to(u32 length) {
  if (!is_over_text) return __builtin_inff();
  if (margin > float_error(NEAR, length)) return NEAR;
  for (float sum = 1 << 16; sum > 64 * length; sum /= 2) {
    if (margin > float_error(sum - 64 * length, length)) return sum - 64 * length;
  }
  return -1;
}

/* A word takes the place of the one of a pair that was met longest ago. */
RARE static void remember(Pair *pair, Entry entry, const i32 *found) {
  if (entry.certain < 0) return;
  entry.first = nothing;
  entry.second = nothing;
  if (entry.count > 2) {
    if (pooled + entry.count > POOL) {
      /* Its words are forgotten, and all others with them. */
      __builtin_memset(table, 0, sizeof(Pair) << PAIR_BITS);
      pooled = 0;
    }
    entry.first = (i32)pooled;
    for (u32 i = 0; i < entry.count; i++) pool[pooled++] = found[i];
  } else {
    if (entry.count > 0) entry.first = found[0];
    if (entry.count > 1) entry.second = found[1];
  }
  pair->entry[1] = pair->entry[0];
  pair->entry[0] = entry;
}
