/*
 * A trie over bytes as a double array: the node after `byte` is at `base ^ byte`, if the unit there carries that byte
 * as its label. No two nodes have the same base, so that the label says enough. `ByteTrie` is the twin in JavaScript.
 */
#pragma once
#include "unigram-room.h"

#define IS_USED 0x100u
#define BASE_SHIFT 9
#define MOST_UNITS (1u << (32 - BASE_SHIFT))
#define BLOCK 256u
/* Blocks that are still tried when a place is looked for; older ones are nearly full. */
#define OPEN_BLOCKS 16u

typedef struct {
  u32 step; /* the base of the node, `IS_USED`, and the label */
  i32 id;   /* the piece that ends here, or -1 */
} Unit;

static Unit *units;
static u32 root_base;

/* Which unit comes after `byte` from a node with this base; 0 where none does. */
static inline u32 step_from(u32 base, u8 byte) {
  u32 at = base ^ byte;
  return (units[at].step & (IS_USED | 0xff)) == (IS_USED | byte) ? at : 0;
}

static inline u32 base_of(u32 unit) { return units[unit].step >> BASE_SHIFT; }

/* A node while the trie is built. Its children are a list. */
typedef struct {
  u32 child, sibling, next_as_wide, base;
  i32 id;
  u8 label;
} Node;

RARE static u32 add_piece(Node *nodes, u32 count, const u8 *bytes, u32 length, i32 id) {
  u32 node = 0;
  for (u32 i = 0; i < length; i++) {
    u32 child = nodes[node].child;
    while (child && nodes[child].label != bytes[i]) child = nodes[child].sibling;
    if (!child) {
      child = count++;
      nodes[child] = (Node){.sibling = nodes[node].child, .id = -1, .label = bytes[i]};
      nodes[node].child = child;
    }
    node = child;
  }
  nodes[node].id = id;
  return count;
}

RARE static int is_free(const Node *nodes, u32 first, u32 base) {
  for (u32 child = first; child; child = nodes[child].sibling) {
    if (units[base ^ nodes[child].label].step) return 0;
  }
  return 1;
}

/*
 * Gives every node a base such that the units of all children are apart: those with the most children first, as they
 * are the hardest to place. Returns the number of units, 0 where they would be more than `most`.
 */
RARE static u32 lay_out(Node *nodes, u32 count, u8 *is_base, u32 *left, u32 most) {
  u32 widest[BLOCK + 1] = {0};
  for (u32 node = count; node-- > 0;) {
    u32 width = 0;
    for (u32 child = nodes[node].child; child; child = nodes[child].sibling) width++;
    nodes[node].next_as_wide = widest[width];
    widest[width] = node + 1;
  }
  u32 blocks = 0;
  u32 first_open = 0;
  for (u32 width = BLOCK; width > 0; width--) {
    for (u32 each = widest[width]; each; each = nodes[each - 1].next_as_wide) {
      Node *node = &nodes[each - 1];
      u32 base = MOST_UNITS;
      for (u32 block = first_open; base == MOST_UNITS; block++) {
        if (block == blocks) {
          if ((blocks + 1) * BLOCK > most) return 0;
          __builtin_memset(units + blocks * BLOCK, 0, BLOCK * sizeof(Unit));
          __builtin_memset(is_base + blocks * BLOCK, 0, BLOCK);
          /* Unit 0 says that there is none. */
          if (blocks == 0) units[0].step = IS_USED;
          left[blocks] = blocks == 0 ? BLOCK - 1 : BLOCK;
          blocks++;
          if (blocks > OPEN_BLOCKS) first_open = blocks - OPEN_BLOCKS;
        }
        if (left[block] < width) continue;
        for (u32 at = block * BLOCK; at < (block + 1) * BLOCK; at++) {
          if (is_base[at] || !is_free(nodes, node->child, at)) continue;
          base = at;
          left[block] -= width;
          break;
        }
      }
      is_base[base] = 1;
      node->base = base;
      for (u32 child = node->child; child; child = nodes[child].sibling) {
        units[base ^ nodes[child].label].step = IS_USED | nodes[child].label;
      }
    }
  }
  return blocks * BLOCK;
}

/*
 * Builds the trie of `count` pieces: `bytes` holds them one after the other, `lengths` and `ids` say more. They lie
 * in the memory that is not taken. Returns whether they fit.
 */
RARE static int build_trie(const u8 *bytes, const u32 *lengths, const i32 *ids, u32 count) {
  u64 size = 0;
  for (u32 i = 0; i < count; i++) size += lengths[i];
  u64 most = size + size / 2 + 4 * BLOCK;
  if (most > MOST_UNITS) most = MOST_UNITS;
  u64 start = aligned((u32)bytes + size);
  u64 end = start + (size + 1) * sizeof(Node) + most * (sizeof(Unit) + 1) + (most / BLOCK + 1) * 4;
  extend(end);
  Node *nodes = (Node *)(u32)start;
  units = (Unit *)(nodes + size + 1);
  u32 *left = (u32 *)(units + most);
  u8 *is_base = (u8 *)(left + most / BLOCK + 1);
  nodes[0] = (Node){.id = -1};
  u32 node_count = 1;
  for (u32 i = 0; i < count; i++) {
    node_count = add_piece(nodes, node_count, bytes, lengths[i], ids[i]);
    bytes += lengths[i];
  }
  u32 unit_count = lay_out(nodes, node_count, is_base, left, (u32)most);
  if (!unit_count) return 0;
  /* Nodes without children have a base that no other has: none of the units there carries the label asked for. */
  u32 nobody = 0;
  while (is_base[nobody]) if (++nobody == unit_count) return 0;
  for (u32 node = 0; node < node_count; node++) {
    for (u32 child = nodes[node].child; child; child = nodes[child].sibling) {
      Node *to = &nodes[child];
      Unit *unit = &units[nodes[node].base ^ to->label];
      *unit = (Unit){((to->child ? to->base : nobody) << BASE_SHIFT) | IS_USED | to->label, to->id};
    }
  }
  root_base = nodes[0].base;
  /* Down to where it stays: the pieces are not needed any more. */
  units = __builtin_memmove((void *)room(), units, unit_count * sizeof(Unit));
  keep(unit_count * sizeof(Unit));
  return 1;
}
