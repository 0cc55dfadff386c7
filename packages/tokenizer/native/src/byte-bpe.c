// Byte-level BPE over UTF-8 in place, the twin of `src/models/byte-bpe.ts`. A pre-token that is a token is looked up;
// others are encoded from left to right with the longest tokens that BPE can put beside each other.
#include "memory.h"
#include "merge-tree.h"
#include "recent-words.h"
#include "scanner.h"
#include "token-borders.h"
#include "token-search.h"

#include "token-gather.h"

#define ENDS 1024
#define PART_ENDS 256
/** Bytes that may be read after the text. */
#define PADDING 16

/** Whether a token must not come out of ordinary text. */
__attribute__((import_module("attune"), import_name("isSpecial"))) extern i32 is_special(i32 id);

static MergeTree tree;
/** Tokens that BPE makes of their bytes. */
static TokenSearch tokens;
/** Tokens that only stand for a whole pre-token: what merges do not make, under `ignore_merges`. */
static ByteTrie wholes;
static u32 has_wholes;
static TokenBorders borders;
static RecentWords recent;
static u32 ends[ENDS];
static u32 part_ends[PART_ENDS];
static u8 *text;
/** The ids so far. */
static i32 *first_id;
static i32 *out;
/** Bits by distance from the beginning of a word: where nothing can begin. */
static u32 *closed;

/** Memory for what tables are made of. */
EXPORT("take") void *take_memory(u32 size) { return take(size); }
EXPORT("give") void give_memory(void *block, u32 size) { give(block, size); }

/** Packs the property bits of all code points, one byte each, for `setScanner`. Returns the size in bytes. */
EXPORT("packClasses") u32 pack(const u8 *all, u8 *packed) { return pack_classes(all, packed); }

EXPORT("setScanner")
void set_scanner(u32 pattern, u32 digits, u32 trailing, const u8 *kinds, const u16 *table, u32 size, const u8 *classes) {
  scanner_init(pattern, digits, trailing, kinds, table, size, classes);
}

/** The tokens that have bytes, the short ones first. Returns how many. */
RARE static u32 by_length(u32 limit, u32 *sorted, u32 *places, u32 longest) {
  for (u32 id = 0; id < limit; id++) places[starts[id + 1] - starts[id] + 1]++;
  u32 empty = places[1];
  for (u32 length = 1; length <= longest + 1; length++) places[length] += places[length - 1];
  for (u32 id = 0; id < limit; id++) {
    u32 length = starts[id + 1] - starts[id];
    u32 place = places[length]++;
    if (length > 0) sorted[place - empty] = id;
  }
  return limit - empty;
}

/**
 * Makes the tables of a vocabulary. 16 bytes after the blob must be readable.
 * @param merges left, right, joined, in the order of rank
 * @returns 0 where BPE may have to go back to an earlier merge, which is not done here
 */
EXPORT("setVocabulary")
RARE u32 set_vocabulary(u32 limit, const u8 *bytes, const u32 *token_starts, const i32 *byte_ids, const i32 *merges,
                   u32 merge_count, u32 ignores_merges) {
  gather_init(bytes, token_starts, limit);
  if (!merge_tree_init(&tree, limit, byte_ids, merges, merge_count)) return 0;
  u32 longest = 0;
  for (u32 id = 0; id < limit; id++) {
    if (starts[id + 1] - starts[id] > longest) longest = starts[id + 1] - starts[id];
  }
  u32 *sorted = take(limit * 4);
  u32 *places = take((longest + 3) * 4);
  u32 count = by_length(limit, sorted, places, longest);
  search_init(&tokens, (i32)limit, starts[limit]);
  borders_init(&borders);
  trie_init(&wholes, (i32)limit, 16);
  for (u32 i = 0; i < count; i++) {
    u32 id = sorted[i];
    u32 length = starts[id + 1] - starts[id];
    if (is_live(&tree, (i32)id)) {
      search_add(&tokens, blob + starts[id], length, (i32)id);
      borders_add(&borders, blob + starts[id], blob + starts[id + 1]);
    } else if (ignores_merges) {
      trie_add(&wholes, blob + starts[id], length, (i32)id);
      has_wholes = 1;
    }
  }
  give(sorted, limit * 4);
  give(places, (longest + 3) * 4);
  recent_init(&recent);
  return 1;
}

/** Where a text is to be written; nothing is taken after this. */
EXPORT("textStart") u8 *text_start(void) {
  if (!text) text = (u8 *)((memory_top + 63) & ~63u);
  return text;
}

static inline i32 whole_at(u32 start, u32 length) { return has_wholes ? trie_find(&wholes, text + start, length) : -1; }

/** Appends a token that only stands for a whole word, where the word is one. */
RARE static int push_whole(u32 start, u32 length) {
  i32 id = whole_at(start, length);
  if (id < 0 || is_special(id)) return 0;
  *out++ = id;
  return 1;
}

/**
 * Takes the longest token that may stand after the one before, and goes back where there is none. Where nothing can
 * begin is remembered, so that no position is tried twice.
 */
SHARED static void split(u32 start, u32 length) {
  const u8 *word = text + start;
  for (u32 i = 0; i <= length >> 5; i++) closed[i] = 0;
  i32 *first = out;
  u32 at = 0;
  i32 last = -1;
  i32 token = longest_token(&tokens, word, length);
  for (;;) {
    u32 next = at + starts[token + 1] - starts[token];
    int is_open = (closed[next >> 5] & (1u << (next & 31))) == 0;
    if (is_open && (last < 0 || may_follow(&tree, last, token))) {
      *out++ = token;
      if (next == length) return;
      at = next;
      last = token;
      token = longest_token(&tokens, word + at, length - at);
      continue;
    }
    i32 shorter = shorter_token(&tokens, token, blob + starts[token], starts[token + 1] - starts[token]);
    if (shorter >= 0) {
      token = shorter;
      continue;
    }
    closed[at >> 5] |= 1u << (at & 31);
    token = *--out;
    at -= starts[token + 1] - starts[token];
    last = out > first ? out[-1] : -1;
  }
}

/** Appends the ids of words met lately. Returns the first word that is none. */
SHARED static u32 look_up(const u32 *stops, u32 at, u32 word, u32 count) {
  const u8 *bytes = text;
  i32 *to = out;
  for (; word < count; word++) {
    u32 stop = stops[word];
    u32 length = stop - at;
    if (length > SHORT) break;
    Word key = word_at(bytes + at, length);
    const Word *slot = recent_slot(&recent, key);
    if (!word_is(slot, key)) break;
    to = recent_write(&recent, slot->value, to);
    at = stop;
  }
  out = to;
  return word;
}

/** Encodes a word, or a part of one, of at most SHORT bytes and remembers it. */
SHARED static void encode_short(u32 start, u32 length, int is_part) {
  Word key = word_at(text + start, length);
  const Word *known = recent_find_near(&recent, key);
  if (known) {
    out = recent_write(&recent, known->value, out);
    return;
  }
  i32 id = short_words_find(&tokens.words, key);
  if (id >= 0) {
    *out++ = id;
    recent_add(&recent, key, &id, 1);
    return;
  }
  int is_whole = whole_at(start, length) >= 0;
  if (!is_part && is_whole && push_whole(start, length)) return;
  i32 *first = out;
  split(start, length);
  u32 count = (u32)(out - first);
  // What is also a token that only stands for whole words is not remembered: that may turn special.
  if (!is_whole && count <= RECENT_IDS) recent_add(&recent, key, first, count);
}

static void encode_parts(u32 start, u32 stop);

/** Encodes a word, or a part of one, of at most LONG bytes and remembers it. */
SHARED static void encode_long(u32 start, u32 length, int is_part) {
  u64 key[3];
  LongWord *slot = long_slot(&recent, text + start, length, key);
  if (long_is(slot, key, length)) {
    for (u32 i = 0; i < slot->count; i++) *out++ = slot->ids[i];
    return;
  }
  int is_whole = whole_at(start, length) >= 0;
  if (!is_part && is_whole && push_whole(start, length)) return;
  i32 *first = out;
  if (is_part) split(start, length);
  else encode_parts(start, start + length);
  if (!is_whole) long_add(slot, key, length, first, (u32)(out - first));
}

/** Writes the ends of a word's parts, as many as there is room for. Returns how many. */
SHARED static u32 find_parts(u32 at, u32 stop) {
  u32 count = 0;
  i32 last = -1;
  while (at < stop) {
    const u8 *bytes = text + at;
    i32 character = bytes[0] < 0xf0 ? (i32)code_point(bytes) : -1;
    int is_cuttable = last >= 0 && character >= 0 && (last >= 0x800 || character >= 0x800);
    if (is_cuttable && !joins(&borders, (u32)last, (u32)character)) {
      part_ends[count++] = at;
      if (count == PART_ENDS - 1) return count;
    }
    last = character;
    at += char_length(bytes);
  }
  part_ends[count++] = stop;
  return count;
}

/** Encodes a long word, which is no token, in the parts that no token reaches out of. */
static void encode_parts(u32 start, u32 stop) {
  u32 at = start;
  while (at < stop && text[at] < 0xe0) at++;
  if (at == stop) {
    split(start, stop - start);
    return;
  }
  for (at = start; at < stop;) {
    u32 count = find_parts(at, stop);
    for (u32 part = 0;; part++) {
      part = look_up(part_ends, at, part, count);
      if (part == count) break;
      if (part > 0) at = part_ends[part - 1];
      u32 length = part_ends[part] - at;
      if (length <= SHORT) encode_short(at, length, 1);
      else if (length <= LONG) encode_long(at, length, 1);
      else split(at, length);
      at = part_ends[part];
    }
    at = part_ends[count - 1];
  }
}

/** Appends the ids of the words whose ends are the first `count` of `ends`. */
static void encode_words(u32 at, u32 count) {
  for (u32 word = 0;; word++) {
    word = look_up(ends, at, word, count);
    if (word == count) return;
    if (word > 0) at = ends[word - 1];
    u32 length = ends[word] - at;
    if (length <= SHORT) encode_short(at, length, 0);
    else if (length <= LONG) encode_long(at, length, 0);
    else if (!push_whole(at, length)) encode_parts(at, ends[word]);
    at = ends[word];
  }
}

/**
 * Encodes the text of `length` bytes at `textStart`. With `more`, it goes on after that, and what that could change is
 * left out. There must be memory for the text, `PADDING`, and 4 bytes and a bit a byte, for ids and what is closed.
 * @returns how many bytes were encoded
 */
EXPORT("encode")
u32 encode(u32 length, u32 more) {
  scanner.text = text;
  scanner.end = text + length;
  scanner.more = more;
  for (u32 i = 0; i < PADDING; i++) text[length + i] = 0;
  text[length] = END;
  first_id = out = (i32 *)(text + ((length + PADDING + 63) & ~63u));
  closed = (u32 *)(first_id + length);
  u32 at = 0;
  while (at < length) {
    u32 count = scan(at, ends, ENDS);
    if (count == 0) break;
    encode_words(at, count);
    at = ends[count - 1];
  }
  return at;
}

/** The ids of the last `encode`, and how many they are. */
EXPORT("ids") i32 *ids(void) { return first_id; }
EXPORT("idCount") u32 id_count(void) { return (u32)(out - first_id); }
