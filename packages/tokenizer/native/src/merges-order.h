// Which of equally frequent pairs is joined first: that of smaller ids, or, where symbols have texts, that whose joined
// text has fewer characters, then the one that comes first by code points.
#pragma once
#include "merges-pairs.h"

typedef struct {
  u32 start, length, characters;
} Text;

/** Of each symbol; null where the order is that of ids. */
static Text *texts;
static u32 text_count, text_room;
/** UTF-8, whose bytes are in the order of code points. */
static u8 *text_bytes;
static u32 text_bytes_end, text_bytes_room;

/** Room for one more text, of `length` bytes. Texts move when room is made. */
static u8 *room_for_text(u32 length) {
  while (text_bytes_end + length > text_bytes_room) text_bytes = enlarged(text_bytes, &text_bytes_room, 1 << 12, 1);
  return text_bytes + text_bytes_end;
}

/** Takes the text that was put into that room. */
static void add_text(u32 length) {
  u32 characters = 0;
  for (u32 i = 0; i < length; i++) characters += (text_bytes[text_bytes_end + i] & 0xc0) != 0x80;
  if (text_count == text_room) texts = enlarged(texts, &text_room, 1 << 10, sizeof(Text));
  texts[text_count++] = (Text){text_bytes_end, length, characters};
  text_bytes_end += length;
}

static void add_joined_text(u32 left, u32 right) {
  Text a = texts[left], b = texts[right];
  u8 *to = room_for_text(a.length + b.length);
  __builtin_memcpy(to, text_bytes + a.start, a.length);
  __builtin_memcpy(to + a.length, text_bytes + b.start, b.length);
  add_text(a.length + b.length);
}

static inline u32 byte_of(const Pair *pair, u32 at) {
  const Text *left = &texts[pair->left], *right = &texts[pair->right];
  if (at < left->length) return text_bytes[left->start + at];
  return at - left->length < right->length ? text_bytes[right->start + at - left->length] : 0;
}

/** What decides between most pairs: the lesser comes first. */
static u64 key_of(const Pair *pair) {
  if (texts == 0) return (u64)pair->left << 32 | pair->right;
  u32 characters = texts[pair->left].characters + texts[pair->right].characters;
  u64 key = characters < 0xffff ? characters : 0xffff;
  for (u32 at = 0; at < 6; at++) key = key << 8 | byte_of(pair, at);
  return key;
}

/** Whether, of two pairs of the same key, `pair` comes before `other`. */
RARE static int precedes(u32 pair, u32 other) {
  const Pair *a = &pairs[pair], *b = &pairs[other];
  if (texts == 0 || pair == other) return pair < other;
  u32 of_a = texts[a->left].characters + texts[a->right].characters;
  u32 of_b = texts[b->left].characters + texts[b->right].characters;
  if (of_a != of_b) return of_a < of_b;
  u32 end = texts[a->left].length + texts[a->right].length;
  for (u32 at = 0; at < end; at++) {
    u32 difference = byte_of(a, at) - byte_of(b, at);
    if (difference != 0) return (i32)difference < 0;
  }
  return pair < other;
}
