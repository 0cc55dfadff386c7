// A hash table from pairs of symbols to their counts; the twin is src/train/counted-pairs.ts.
#pragma once
#include "merges-words.h"

typedef struct {
  u32 left, right;
  u64 count;
} Pair;

static Pair *pairs;
static u32 pair_count, pair_room;
/** Numbers of pairs plus 1, 0 = empty. */
static u32 *slots;
static u32 slot_mask;

static inline u32 slot_of(u32 left, u32 right) {
  u32 hash = (left * 0x9e3779b1u) ^ (right * 0x85ebca6bu);
  return (hash ^ (hash >> 15)) & slot_mask;
}

RARE static void grow_pairs(void) {
  pairs = enlarged(pairs, &pair_room, 1 << 12, sizeof(Pair));
  if (slots) give(slots, (slot_mask + 1) * 4);
  slots = take(pair_room * 8);
  slot_mask = pair_room * 2 - 1;
  for (u32 pair = 0; pair < pair_count; pair++) {
    u32 slot = slot_of(pairs[pair].left, pairs[pair].right);
    while (slots[slot] != 0) slot = (slot + 1) & slot_mask;
    slots[slot] = pair + 1;
  }
}

/** The number of the pair, inserted with a count of 0 when it is new. */
SHARED static u32 pair_of(u32 left, u32 right) {
  u32 slot = slot_of(left, right);
  for (; slots[slot] != 0; slot = (slot + 1) & slot_mask) {
    const Pair *pair = &pairs[slots[slot] - 1];
    if (pair->left == left && pair->right == right) return slots[slot] - 1;
  }
  if (unlikely(pair_count == pair_room)) {
    grow_pairs();
    for (slot = slot_of(left, right); slots[slot] != 0;) slot = (slot + 1) & slot_mask;
  }
  pairs[pair_count] = (Pair){left, right, 0};
  slots[slot] = ++pair_count;
  return pair_count - 1;
}
