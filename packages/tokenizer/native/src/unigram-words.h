/* Words of a normalized text, looked up or segmented, and their ids. The twin in JavaScript is `ByteUnigram`. */
#pragma once
#include <wasm_simd128.h>
#include "unigram-normalize.h"
#include "unigram-recent.h"
#include "unigram-viterbi.h"

/* ASCII characters that are in no piece with others, but for the space. */
static v128_t alone_characters;
/* Whether spaces in a row begin one word or each their own. */
static int joins_blanks;
/* The tokens that stand for the bytes of an unknown character, or null. */
static const i32 *byte_ids;
/* What an id adds to the sum. In sums of ids, the first byte of a character stands for the character. */
static float *added;

static i32 *ids;
static u32 id_count;
/* The sum of the ids so far, in floats. */
static float total;
/* What is written here is never read. */
static volatile u32 sink;

/* A word on its way to be looked up. */
typedef struct {
  u64 low, high;
  Pair *pair;
  u32 start, length;
} Word;

/* Appends an unknown character. Over a whole text, those side by side are one. */
RARE static void push_unknown(int is_first) {
  if (is_first || ids[id_count - 1] != unknown_id) ids[id_count++] = unknown_id;
  total += added[unknown_id];
}

/* Appends the ids of the path that was found. Returns how many characters are unknown. */
SHARED static u32 push_path(const u8 *bytes, u32 length) {
  u32 first = is_over_text ? 0 : id_count;
  u32 unknown = 0;
  turn_path(length);
  for (u32 at = 0; at < length;) {
    u32 to = (u32)lattice[at].from;
    i32 id = lattice[to].by;
    if (id != unknown_id) {
      ids[id_count++] = id;
      total += added[id];
    } else {
      unknown++;
      if (!byte_ids) push_unknown(id_count == first);
      else for (u32 i = at; i < to; i++) {
        ids[id_count++] = byte_ids[bytes[i]];
        total += added[byte_ids[bytes[i]]];
      }
    }
    at = to;
  }
  return unknown;
}

/* A word that is not remembered, or not certain beside this sum. Returns whether it could be segmented. */
SHARED static int push_new(const Word *word, int is_remembered) {
  const u8 *bytes = normal + word->start;
  u32 length = word->length;
  make_lattice(length);
  if (!search(bytes, length)) return 0;
  int is_certain = !is_over_text || margin > float_error(total, length);
  if (!is_certain && !search_in_floats(bytes, length, total)) return 0;
  u32 before = id_count;
  u32 unknown = push_path(bytes, length);
  if (is_remembered || length > SHORT || !is_certain) return 1;
  u32 count = id_count - before;
  Entry entry = {word->low, word->high, certain_up_to(length), (u8)length, 0, (u16)count, 0, 0};
  if (unknown > 0 && !byte_ids) {
    /* Beside other words, unknown characters may be joined: only one that stands alone is remembered. */
    if (unknown > 1 || (u32)lattice[0].from < length) return 1;
    entry.is_unknown = 1;
    entry.count = 0;
  }
  remember(word->pair, entry, ids + before);
  return 1;
}

/* Appends a remembered word that is not one id or two. */
SHARED static void push_rare(const Entry *entry) {
  if (entry->is_unknown) {
    push_unknown(!is_over_text || id_count == 0);
    return;
  }
  const i32 *pieces = pool + entry->first;
  for (u32 i = 0; i < entry->count; i++) {
    ids[id_count++] = pieces[i];
    total += added[pieces[i]];
  }
}

static inline int push_word(const Word *word) {
  if (word->length > SHORT) return push_new(word, 0);
  Entry *entry = word->pair->entry;
  if (!is_same(&entry[0], word->low, word->high, word->length)) {
    if (!is_same(&entry[1], word->low, word->high, word->length)) return push_new(word, 0);
    Entry met = entry[1];
    entry[1] = entry[0];
    entry[0] = met;
  }
  if (!(__builtin_fabsf(total) < entry->certain)) return push_new(word, 1);
  if (entry->count - 1u < 2) {
    ids[id_count] = entry->first;
    ids[id_count + 1] = entry->second;
    id_count += entry->count;
    total += added[entry->first];
    total += added[entry->second];
  } else {
    push_rare(entry);
  }
  return 1;
}

/* Without words: a sum that is set back within one changes the rounding in all that follow. */
RARE static i32 encode_whole(u32 end) {
  make_lattice(end);
  id_count = 0;
  if (!search_in_floats(normal, end, 0)) return -1;
  push_path(normal, end);
  return (i32)id_count;
}

/* A bit for each of 64 bytes: whether a word ends before it. What the byte before them was is kept from call to call. */
static inline u64 cuts_at(const u8 *bytes, u64 *blank_before, u64 *alone_before) {
  u64 blank = 0;
  u64 alone = 0;
  for (u32 i = 0; i < 64; i += 16) {
    v128_t part = wasm_v128_load(bytes + i);
    blank |= (u64)blanks(part) << i;
    alone |= (u64)members(part, alone_characters) << i;
  }
  u64 cuts = alone | alone << 1 | *alone_before;
  cuts |= joins_blanks ? blank & ~(blank << 1 | *blank_before) : blank;
  *blank_before = blank >> 63;
  *alone_before = alone >> 63;
  return cuts;
}

/* Writes the words that end at these bits, the first of which begins at `start`. Returns how many. */
static inline u32 find_words(u64 cuts, u32 block, u32 start, Word *words) {
  u32 count = 0;
  u32 met = 0;
  for (; cuts; cuts &= cuts - 1) {
    u32 stop = block + (u32)__builtin_ctzll(cuts);
    Word *word = &words[count++];
    word->start = start;
    word->length = stop - start;
    word->pair = table;
    start = stop;
    if (word->length > SHORT) continue;
    word->low = load64(normal + word->start) & masks[word->length][0];
    word->high = load64(normal + word->start + 8) & masks[word->length][1];
    word->pair = pair_of(word->low, word->high);
  }
  /* All places are asked for before the first is needed: most of them are far away in memory. */
  for (u32 i = 0; i < count; i++) met += words[i].pair->entry[0].length;
  sink = met;
  return count;
}

/* Encodes `normal[0..end)`. Returns how many ids there are, -1 where it cannot. */
static i32 encode_words(u32 end) {
  id_count = 0;
  total = 0;
  u32 start = 0;
  u64 blank_before = 0;
  u64 alone_before = 0;
  Word words[64];
  for (u32 block = 0; start < end; block += 64) {
    u64 cuts = cuts_at(normal + block, &blank_before, &alone_before);
    if (block == 0) cuts &= ~1ull;
    if (end - block < 64) cuts = (cuts & ((1ull << (end - block)) - 1)) | 1ull << (end - block);
    u32 count = find_words(cuts, block, start, words);
    for (u32 i = 0; i < count; i++) {
      if (!push_word(&words[i])) return -1;
      if (is_over_text && !(__builtin_fabsf(total) < NEAR)) return encode_whole(end);
    }
    if (count > 0) start = words[count - 1].start + words[count - 1].length;
  }
  return (i32)id_count;
}
