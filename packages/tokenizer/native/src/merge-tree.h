// Which merge makes each token, for lists of merges with which BPE never has to go back to an earlier one, and
// whether BPE leaves two tokens side by side. `src/models/merge-tree.ts` says why that is enough.
#pragma once
#include "memory.h"

/** The rank of a token that BPE never makes. */
#define DEAD (-2)
#define NEVER 0x7fffffff
#define MEMORY_BITS 15
#define PAIR_FILTER_BITS 2

typedef struct {
  /** Of the live merge; -1 for a byte. */
  i32 rank;
  i32 left;
  i32 right;
  i32 unused;
} Node;

typedef struct {
  i32 left;
  i32 right;
  /** Plus 1; 0 where the place is empty. */
  i32 rank;
  i32 unused;
} Merge;

typedef struct {
  Node *nodes;
  Merge *merges;
  /** A bit for the hashes of live merges: most pairs are none, and this is small enough to stay near. */
  u32 *filter;
  u32 bits;
  /** Pairs asked about lately: left + 1, right << 1 | valid. */
  i32 (*memory)[2];
} MergeTree;

static inline u32 pair_hash(i32 left, i32 right) {
  return (u32)(((u32)left * 0x9e3779b97f4a7c15ull + (u32)right * 0xd6e8feb86659fd93ull) >> 32);
}

static inline i32 rank_of(const MergeTree *tree, i32 left, i32 right) {
  u32 hash = pair_hash(left, right);
  u32 bit = hash >> (32 - PAIR_FILTER_BITS - tree->bits);
  if ((tree->filter[bit >> 5] & (1u << (bit & 31))) == 0) return NEVER;
  u32 mask = (1u << tree->bits) - 1;
  for (u32 at = hash >> (32 - tree->bits);; at = (at + 1) & mask) {
    const Merge *merge = tree->merges + at;
    if (merge->rank == 0) return NEVER;
    if (merge->left == left && merge->right == right) return merge->rank - 1;
  }
}

RARE static void add_pair(MergeTree *tree, i32 left, i32 right, i32 rank) {
  u32 hash = pair_hash(left, right);
  u32 bit = hash >> (32 - PAIR_FILTER_BITS - tree->bits);
  tree->filter[bit >> 5] |= 1u << (bit & 31);
  u32 mask = (1u << tree->bits) - 1;
  u32 at = hash >> (32 - tree->bits);
  while (tree->merges[at].rank != 0) at = (at + 1) & mask;
  tree->merges[at] = (Merge){left, right, rank + 1, 0};
}

/**
 * Undoes the merges of both sides, the latest first, and asks at each point whether what then stood at the border
 * would have been joined before the merge that was undone. Of equal ranks the left one comes first.
 */
SHARED static int are_neighbours(const MergeTree *tree, i32 left, i32 right) {
  const Node *nodes = tree->nodes;
  i32 bound = NEVER;
  i32 left_rank = nodes[left].rank;
  i32 right_rank = nodes[right].rank;
  for (;;) {
    if (rank_of(tree, left, right) < bound) return 0;
    if (left_rank > right_rank) {
      bound = left_rank;
      left = nodes[left].right;
      left_rank = nodes[left].rank;
    } else if (right_rank >= 0) {
      bound = right_rank + 1;
      right = nodes[right].left;
      right_rank = nodes[right].rank;
    } else {
      return 1;
    }
  }
}

/** Whether BPE makes this token of its bytes. */
static inline int is_live(const MergeTree *tree, i32 token) { return tree->nodes[token].rank != DEAD; }

/** Whether BPE makes `left` and `right` of their joined bytes. Both must be live. */
static inline int may_follow(MergeTree *tree, i32 left, i32 right) {
  i32 *known = tree->memory[pair_hash(left, right) >> (32 - MEMORY_BITS)];
  i32 packed = right << 1;
  if (known[0] == left + 1 && (known[1] & ~1) == packed) return known[1] & 1;
  int valid = are_neighbours(tree, left, right);
  known[0] = left + 1;
  known[1] = packed | valid;
  return valid;
}

/**
 * @param byte_ids the token of each byte
 * @param merges left, right, joined, in the order of rank
 * @returns false where some text would make BPE go back to an earlier merge
 */
RARE static int merge_tree_init(MergeTree *tree, u32 limit, const i32 *byte_ids, const i32 *merges, u32 count) {
  Node *nodes = take(limit * (u32)sizeof(Node));
  for (u32 id = 0; id < limit; id++) nodes[id].rank = DEAD;
  for (u32 byte = 0; byte < 256; byte++) nodes[byte_ids[byte]].rank = -1;
  u32 live = count < limit ? count : limit;
  tree->nodes = nodes;
  tree->bits = bits_for(live + live / 2 + 16);
  tree->merges = take((u32)sizeof(Merge) << tree->bits);
  tree->filter = take((1u << (tree->bits + PAIR_FILTER_BITS)) / 8);
  tree->memory = take(8u << MEMORY_BITS);
  u32 *early = take(count * 4);
  u32 earlies = 0;
  for (u32 rank = 0; rank < count; rank++) {
    i32 left = merges[rank * 3];
    i32 right = merges[rank * 3 + 1];
    Node *joined = nodes + merges[rank * 3 + 2];
    // Its parts are made later, or never: it may not happen, unless it makes BPE go back.
    if (nodes[left].rank == DEAD || nodes[right].rank == DEAD) {
      early[earlies++] = rank;
    } else if (joined->rank == DEAD) {
      if (!are_neighbours(tree, left, right)) continue;
      *joined = (Node){(i32)rank, left, right, 0};
      add_pair(tree, left, right, (i32)rank);
    } else if (joined->left == left && joined->right == right && joined->rank >= 0) {
      return 0; // a merge listed twice counts where it is listed last
    }
  }
  for (u32 i = 0; i < earlies; i++) {
    i32 left = merges[early[i] * 3];
    i32 right = merges[early[i] * 3 + 1];
    if (is_live(tree, left) && is_live(tree, right) && are_neighbours(tree, left, right)) return 0;
  }
  give(early, count * 4);
  return 1;
}
