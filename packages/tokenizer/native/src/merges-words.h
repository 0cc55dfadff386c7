// Words as symbols, and lists of words. The layout of words is that of `CountedWords`, with counts as integers.
#pragma once
#include "memory.h"

typedef struct {
  u64 count;
  u32 length;
  u32 symbols[];
} Word;

/** Words are named by their addresses. */
static inline Word *word_at(u32 place) { return (Word *)place; }
static inline u32 next_word(u32 place) { return (place + 12 + word_at(place)->length * 4 + 7) & ~7u; }

/** Reads what will be needed soon: the processor goes on while memory answers. */
static inline void ask_for(const u32 *at) { (void)*(const volatile u32 *)at; }

/** Twice the room for an array, with what is in it. */
RARE static void *enlarged(void *old, u32 *room, u32 least, u32 size) {
  u32 more = *room == 0 ? least : *room * 2;
  if (more > 0x7fffffffu / size) __builtin_trap();
  void *array = take(more * size);
  __builtin_memcpy(array, old, *room * size);
  if (*room > 0) give(old, *room * size);
  *room = more;
  return array;
}

/** Lists given back, by the logarithm of their room; the first cell of one holds the next. */
static u32 *free_lists[32];
/** What is left of the memory that lists are cut from; longer lists have memory of their own. */
static u32 *uncut, *uncut_end;
#define CUT (1u << 16)
#define LONG_LIST (1u << 12)

RARE static u32 *cut_list(u32 room) {
  if (uncut_end - uncut < (i32)room) {
    uncut = take(CUT * 4);
    uncut_end = uncut + CUT;
  }
  u32 *list = uncut;
  uncut += room;
  return list;
}

/** Room for a list of `size` words, at least two. */
static inline u32 *new_list(u32 size) {
  if (unlikely(size > LONG_LIST)) return take(size * 4);
  u32 bits = bits_for(size);
  u32 *list = free_lists[bits];
  if (list == 0) return cut_list(1u << bits);
  free_lists[bits] = *(u32 **)list;
  return list;
}

static inline void release_list(u32 *list, u32 size) {
  if (unlikely(size > LONG_LIST)) {
    give(list, size * 4);
    return;
  }
  u32 bits = bits_for(size);
  *(u32 **)list = free_lists[bits];
  free_lists[bits] = list;
}
