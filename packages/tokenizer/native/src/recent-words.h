// Words met lately and their ids. A new word takes the place of an old one, which moves near by.
#pragma once
#include "short-words.h"

/** Short words that are remembered: 2 to this at most. */
#define RECENT_BITS 16
/** Ids that are remembered for a word of several tokens at most. */
#define RECENT_IDS 7
/** Room for the ids of words of several tokens: 2 to this. */
#define POOL_BITS 17

/** Longest of the long words in bytes. */
#define LONG 24
/** Long words that are remembered: 2 to this at most, 64 bytes each. */
#define LONG_BITS 13
#define LONG_IDS 9

typedef struct {
  u64 key[3];
  /** In bytes; 0 where the entry is empty. */
  u16 length;
  u16 count;
  i32 ids[LONG_IDS];
} LongWord;

typedef struct {
  /** The value is the id, or -1 minus the place in `pool` of how many ids and the ids. */
  Word *slots;
  i32 *pool;
  u32 pooled;
  /** The place near by to which the next old word moves. */
  u32 turn;
  LongWord *longs;
} RecentWords;

RARE static void recent_init(RecentWords *recent) {
  recent->slots = take((u32)sizeof(Word) << RECENT_BITS);
  recent->pool = take(4u << POOL_BITS);
  recent->longs = take((u32)sizeof(LongWord) << LONG_BITS);
  recent->turn = 1;
}

static inline Word *recent_slot(const RecentWords *recent, Word word) {
  return recent->slots + (word_hash(word) >> (32 - RECENT_BITS));
}

/** Writes what a remembered word stands for to `out` and returns where that ends. */
static inline i32 *recent_write(const RecentWords *recent, i32 value, i32 *out) {
  if (likely(value >= 0)) {
    *out = value;
    return out + 1;
  }
  const i32 *several = recent->pool - 1 - value;
  i32 count = *several++;
  for (i32 i = 0; i < count; i++) out[i] = several[i];
  return out + count;
}

/** Looks for a word that was moved from its place, and moves it back. */
SHARED static Word *recent_find_near(const RecentWords *recent, Word word) {
  u32 at = word_hash(word) >> (32 - RECENT_BITS);
  for (u32 near = 1; near < 4; near++) {
    Word *other = recent->slots + (at ^ near);
    if (!word_is(other, word)) continue;
    Word found = *other;
    *other = recent->slots[at];
    recent->slots[at] = found;
    return recent->slots + at;
  }
  return 0;
}

/** Forgets all words of several tokens. */
RARE static void recent_drain(RecentWords *recent) {
  for (u32 at = 0; at < 1u << RECENT_BITS; at++) {
    if (recent->slots[at].value < 0) recent->slots[at] = (Word){0, 0, 0};
  }
  recent->pooled = 0;
}

/** Remembers a word and its ids. */
SHARED static void recent_add(RecentWords *recent, Word word, const i32 *ids, u32 count) {
  if (count == 1) {
    word.value = ids[0];
  } else {
    if (recent->pooled + count + 1 > 1u << POOL_BITS) recent_drain(recent);
    i32 *several = recent->pool + recent->pooled;
    word.value = -1 - (i32)recent->pooled;
    recent->pooled += count + 1;
    several[0] = (i32)count;
    for (u32 i = 0; i < count; i++) several[i + 1] = ids[i];
  }
  Word *slot = recent_slot(recent, word);
  recent->turn = recent->turn == 3 ? 1 : recent->turn + 1;
  u32 at = (u32)(slot - recent->slots);
  if (slot->tail != 0) recent->slots[at ^ recent->turn] = *slot;
  *slot = word;
}

/** The entry of a long word, whether or not it is there, and its key. */
static inline LongWord *long_slot(const RecentWords *recent, const u8 *at, u32 length, u64 key[3]) {
  key[0] = load64(at);
  key[1] = load64(at + 8);
  key[2] = 0;
  if (length < 16) key[1] &= (1ull << ((length - 8) * 8)) - 1;
  else if (length == LONG) key[2] = load64(at + 16);
  else if (length > 16) key[2] = load64(at + 16) & ((1ull << ((length - 16) * 8)) - 1);
  u64 hash = (key[0] ^ (key[1] + length) * 0xd6e8feb86659fd93ull) * 0x9e3779b97f4a7c15ull;
  hash = ((hash ^ (hash >> 32)) + key[2]) * 0x9e3779b97f4a7c15ull;
  return recent->longs + (hash >> (64 - LONG_BITS));
}

static inline int long_is(const LongWord *slot, const u64 key[3], u32 length) {
  return slot->length == length && slot->key[0] == key[0] && slot->key[1] == key[1] && slot->key[2] == key[2];
}

static void long_add(LongWord *slot, const u64 key[3], u32 length, const i32 *ids, u32 count) {
  if (count > LONG_IDS) return;
  slot->length = (u16)length;
  slot->count = (u16)count;
  for (u32 i = 0; i < 3; i++) slot->key[i] = key[i];
  for (u32 i = 0; i < count; i++) slot->ids[i] = ids[i];
}
