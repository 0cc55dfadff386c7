// A trie over bytes in one hash table of edges. The node of an entry is its value, so that a step says at once
// whether an entry ends there; nodes inside have numbers from `limit` up.
#pragma once
#include "short-words.h"

typedef struct {
  u64 key;
  i32 next;
  i32 used;
} Edge;

/** Edges from pairs of a node and a byte, or a node and a character. */
typedef struct {
  Edge *slots;
  u32 *filter;
  u32 bits;
  u32 size;
} Edges;

static inline u64 edge_key(i32 node, u32 step) { return ((u64)(u32)node << 16) | step; }

static inline u32 edge_hash(u64 key) { return (u32)((key * 0x9e3779b97f4a7c15ull) >> 32); }

RARE static void edges_init(Edges *edges, u32 capacity) {
  u32 bits = bits_for(capacity + capacity / 2 + 32);
  edges->bits = bits;
  edges->size = 0;
  edges->slots = take((u32)sizeof(Edge) << bits);
  edges->filter = take(1u << (bits + FILTER_BITS - 3));
}

/** Where the edge leads, or -1. */
static inline i32 edges_find(const Edges *edges, u64 key) {
  u32 hash = edge_hash(key);
  u32 bit = hash >> (32 - FILTER_BITS - edges->bits);
  if ((edges->filter[bit >> 5] & (1u << (bit & 31))) == 0) return -1;
  u32 mask = (1u << edges->bits) - 1;
  for (u32 at = hash >> (32 - edges->bits);; at = (at + 1) & mask) {
    const Edge *slot = edges->slots + at;
    if (!slot->used) return -1;
    if (slot->key == key) return slot->next;
  }
}

RARE static void edges_place(Edges *edges, Edge edge) {
  u32 hash = edge_hash(edge.key);
  u32 bit = hash >> (32 - FILTER_BITS - edges->bits);
  edges->filter[bit >> 5] |= 1u << (bit & 31);
  u32 mask = (1u << edges->bits) - 1;
  u32 at = hash >> (32 - edges->bits);
  while (edges->slots[at].used) at = (at + 1) & mask;
  edges->slots[at] = edge;
}

/** Adds an edge that is not there yet. */
RARE static void edges_add(Edges *edges, u64 key, i32 next) {
  u32 places = 1u << edges->bits;
  if (++edges->size * 4 > places * 3) {
    Edges old = *edges;
    edges_init(edges, places);
    edges->size = old.size;
    for (u32 at = 0; at < places; at++) {
      if (old.slots[at].used) edges_place(edges, old.slots[at]);
    }
    give(old.slots, (u32)sizeof(Edge) << old.bits);
    give(old.filter, 1u << (old.bits + FILTER_BITS - 3));
  }
  edges_place(edges, (Edge){key, next, 1});
}

typedef struct {
  Edges edges;
  /** The nodes after each first byte, -1 where there is none. */
  i32 roots[256];
  /** Values are below this. */
  i32 limit;
  i32 next_node;
} ByteTrie;

RARE static void trie_init(ByteTrie *trie, i32 limit, u32 capacity) {
  edges_init(&trie->edges, capacity);
  for (u32 byte = 0; byte < 256; byte++) trie->roots[byte] = -1;
  trie->limit = limit;
  trie->next_node = limit;
}

/** The node after `byte` from `node`, or -1. */
static inline i32 trie_step(const ByteTrie *trie, i32 node, u8 byte) {
  return edges_find(&trie->edges, edge_key(node, byte));
}

/** Adds `bytes[0..length)`, which must come after all its prefixes that are entries too. */
RARE static void trie_add(ByteTrie *trie, const u8 *bytes, u32 length, i32 value) {
  u8 first = bytes[0];
  if (length == 1) {
    trie->roots[first] = value;
    return;
  }
  i32 node = trie->roots[first];
  if (node < 0) trie->roots[first] = node = trie->next_node++;
  for (u32 at = 1; at < length - 1; at++) {
    i32 next = trie_step(trie, node, bytes[at]);
    if (next < 0) {
      next = trie->next_node++;
      edges_add(&trie->edges, edge_key(node, bytes[at]), next);
    }
    node = next;
  }
  edges_add(&trie->edges, edge_key(node, bytes[length - 1]), value);
}

/** The node after `bytes[0..length)`, or -1. */
RARE static i32 trie_node(const ByteTrie *trie, const u8 *bytes, u32 length) {
  i32 node = trie->roots[bytes[0]];
  for (u32 at = 1; node >= 0 && at < length; at++) node = trie_step(trie, node, bytes[at]);
  return node;
}

/** The value of `bytes[0..length)`, or -1. */
static i32 trie_find(const ByteTrie *trie, const u8 *bytes, u32 length) {
  i32 node = trie_node(trie, bytes, length);
  return node < trie->limit ? node : -1;
}
