// A hash table from words of 1 to SHORT bytes to numbers. A key is two integers, of which the second holds the
// length too, so that comparing takes no loop.
#pragma once
#include "memory.h"

/** Longest key in bytes. */
#define SHORT 11
/** The filter has 2 to this as many bits as the table has places. */
#define FILTER_BITS 2

typedef struct {
  u64 head;
  /** 0 where the place is empty. */
  u32 tail;
  i32 value;
} Word;

typedef struct {
  Word *slots;
  /** A bit for each hash of a key: small enough to stay near where most keys asked for are not there. */
  u32 *filter;
  u32 bits;
  u32 size;
} ShortWords;

typedef struct {
  u64 head;
  u32 tail;
  u32 length;
} Mask;

/** By length of a key. */
static const Mask MASKS[SHORT + 1] = {
    {0, 0, 0},
    {0xff, 0, 1u << 24},
    {0xffff, 0, 2u << 24},
    {0xffffff, 0, 3u << 24},
    {0xffffffff, 0, 4u << 24},
    {0xffffffffff, 0, 5u << 24},
    {0xffffffffffff, 0, 6u << 24},
    {0xffffffffffffff, 0, 7u << 24},
    {~0ull, 0, 8u << 24},
    {~0ull, 0xff, 9u << 24},
    {~0ull, 0xffff, 10u << 24},
    {~0ull, 0xffffff, 11u << 24},
};

/** The key of `length` bytes of which the first are `head` and `tail`, whatever stands after them. */
static inline Word word_of(u64 head, u32 tail, u32 length) {
  Mask mask = MASKS[length];
  return (Word){head & mask.head, (tail & mask.tail) | mask.length, 0};
}

static inline Word word_at(const u8 *at, u32 length) { return word_of(load64(at), load32(at + 8), length); }

/** Hash of a key; the high bits are the best. */
static inline u32 word_hash(Word word) {
  return (u32)(((word.head ^ (word.tail * 0xd6e8feb86659fd93ull)) * 0x9e3779b97f4a7c15ull) >> 32);
}

static inline int word_is(const Word *slot, Word word) { return slot->head == word.head && slot->tail == word.tail; }

RARE static void short_words_init(ShortWords *words, u32 capacity) {
  u32 bits = bits_for(capacity + capacity / 2 + 32);
  words->bits = bits;
  words->size = 0;
  words->slots = take((u32)sizeof(Word) << bits);
  words->filter = take(1u << (bits + FILTER_BITS - 3));
}

/** The value of the key, or -1. */
static inline i32 short_words_find(const ShortWords *words, Word word) {
  u32 hash = word_hash(word);
  u32 bit = hash >> (32 - FILTER_BITS - words->bits);
  if ((words->filter[bit >> 5] & (1u << (bit & 31))) == 0) return -1;
  u32 mask = (1u << words->bits) - 1;
  for (u32 at = hash >> (32 - words->bits);; at = (at + 1) & mask) {
    const Word *slot = words->slots + at;
    if (word_is(slot, word)) return slot->value;
    if (slot->tail == 0) return -1;
  }
}

RARE static void short_words_place(ShortWords *words, Word word) {
  u32 hash = word_hash(word);
  u32 bit = hash >> (32 - FILTER_BITS - words->bits);
  words->filter[bit >> 5] |= 1u << (bit & 31);
  u32 mask = (1u << words->bits) - 1;
  u32 at = hash >> (32 - words->bits);
  while (words->slots[at].tail != 0) at = (at + 1) & mask;
  words->slots[at] = word;
}

/** Adds a key that is not there yet. */
RARE static void short_words_add(ShortWords *words, Word word, i32 value) {
  u32 places = 1u << words->bits;
  if (++words->size * 3 > places * 2) {
    ShortWords old = *words;
    short_words_init(words, places);
    words->size = old.size;
    for (u32 at = 0; at < places; at++) {
      if (old.slots[at].tail != 0) short_words_place(words, old.slots[at]);
    }
    give(old.slots, (u32)sizeof(Word) << old.bits);
    give(old.filter, 1u << (old.bits + FILTER_BITS - 3));
  }
  word.value = value;
  short_words_place(words, word);
}
