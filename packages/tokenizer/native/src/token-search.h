// The longest token at a place of some UTF-8.
#pragma once
#include "byte-trie.h"

typedef struct {
  /** The tokens that are longer than SHORT bytes or begin with other than ASCII. */
  ByteTrie trie;
  /** The tokens of at most SHORT bytes. */
  ShortWords words;
  /** The beginnings, SHORT bytes long, of the longer tokens; their nodes in the trie. */
  ShortWords beginnings;
  /** By token: the longest token that is a proper prefix of it, or -1, plus 2; 0 = not known yet. */
  i32 *prefixes;
  /** By code point of a first character of three bytes: the node after it, plus 2, and the longest token; 0 = not known yet. */
  i32 (*firsts)[2];
  /** Nodes and further characters of three bytes; the nodes after them. */
  Edges chars;
  /** Nodes after which a token ends within a character of three bytes, as bits. */
  u32 *partial;
} TokenSearch;

static inline u32 three_bytes(const u8 *at) {
  return ((u32)(at[0] & 0xf) << 12) | ((u32)(at[1] & 0x3f) << 6) | (at[2] & 0x3f);
}

/** Bytes of the character that begins with `lead`; 1 for what begins none. */
static inline u32 lead_length(u8 lead) { return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4; }

/** @param size bytes that all tokens take */
RARE static void search_init(TokenSearch *search, i32 limit, u32 size) {
  trie_init(&search->trie, limit, size >> 2);
  short_words_init(&search->words, (u32)limit);
  short_words_init(&search->beginnings, 1 << 13);
  edges_init(&search->chars, 1 << 12);
  search->prefixes = take((u32)limit * 4);
  search->firsts = take(0x10000 * 8);
  search->partial = take((((u32)limit + size) / 32 + 1) * 4);
}

/** Notes the characters of three bytes after the first character of a token, as far as they are whole. */
RARE static void search_add_chars(TokenSearch *search, const u8 *bytes, u32 length) {
  ByteTrie *trie = &search->trie;
  u32 at = lead_length(bytes[0]);
  if (at >= length) return;
  i32 node = trie_node(trie, bytes, at);
  while (at < length) {
    u32 size = lead_length(bytes[at]);
    if (at + size > length) {
      search->partial[node >> 5] |= 1u << (node & 31);
      return;
    }
    i32 from = node;
    for (u32 i = 0; i < size; i++) node = trie_step(trie, node, bytes[at + i]);
    if (size == 3) {
      u64 key = edge_key(from, three_bytes(bytes + at));
      if (edges_find(&search->chars, key) < 0) edges_add(&search->chars, key, node);
    }
    at += size;
  }
}

/** Adds a token; shorter ones must come first. 16 bytes more must be readable. */
RARE static void search_add(TokenSearch *search, const u8 *bytes, u32 length, i32 token) {
  if (length <= SHORT) short_words_add(&search->words, word_at(bytes, length), token);
  if (length > SHORT || bytes[0] >= 0x80) trie_add(&search->trie, bytes, length, token);
  if (length > SHORT) {
    Word beginning = word_at(bytes, SHORT);
    if (short_words_find(&search->beginnings, beginning) < 0) {
      short_words_add(&search->beginnings, beginning, trie_node(&search->trie, bytes, SHORT));
    }
  }
  if (bytes[0] >= 0x80) search_add_chars(search, bytes, length);
}

/** The longest token of more than SHORT bytes, or -1. */
SHARED static i32 longest_of_long(const TokenSearch *search, const u8 *bytes, u32 length) {
  const ByteTrie *trie = &search->trie;
  i32 node = short_words_find(&search->beginnings, word_at(bytes, SHORT));
  i32 token = -1;
  for (u32 at = SHORT; node >= 0 && at < length; at++) {
    node = trie_step(trie, node, bytes[at]);
    if (node >= 0 && node < trie->limit) token = node;
  }
  return token;
}

/** Finds out where the three bytes of a character lead in the trie. */
RARE static void find_first(TokenSearch *search, const u8 *bytes, u32 place) {
  const ByteTrie *trie = &search->trie;
  i32 node = trie->roots[bytes[0]];
  i32 token = node;
  for (u32 at = 1; at < 3 && node >= 0; at++) {
    node = trie_step(trie, node, bytes[at]);
    if (node >= 0 && node < trie->limit) token = node;
  }
  search->firsts[place][0] = node + 2;
  search->firsts[place][1] = token;
}

/** The longest token at a byte that is not ASCII: characters of three bytes are taken as one. */
SHARED static i32 longest_of_chars(TokenSearch *search, const u8 *bytes, u32 length) {
  const ByteTrie *trie = &search->trie;
  i32 limit = trie->limit;
  i32 node, token;
  u32 at;
  if (bytes[0] >= 0xe0 && bytes[0] < 0xf0 && length >= 3) {
    u32 place = three_bytes(bytes);
    if (search->firsts[place][0] == 0) find_first(search, bytes, place);
    node = search->firsts[place][0] - 2;
    token = search->firsts[place][1];
    at = 3;
  } else {
    token = node = trie->roots[bytes[0]];
    at = 1;
  }
  while (node >= 0 && at < length) {
    u8 lead = bytes[at];
    int is_whole = lead >= 0xe0 && lead < 0xf0 && at + 3 <= length;
    if (is_whole && (search->partial[node >> 5] & (1u << (node & 31))) == 0) {
      node = edges_find(&search->chars, edge_key(node, three_bytes(bytes + at)));
      at += 3;
    } else {
      node = trie_step(trie, node, bytes[at++]);
    }
    if (node >= 0 && node < limit) token = node;
  }
  return token;
}

/** The longest token of `bytes[0..length)` that begins there. There is one. */
SHARED static i32 longest_token(TokenSearch *search, const u8 *bytes, u32 length) {
  if (bytes[0] >= 0x80) return longest_of_chars(search, bytes, length);
  if (length > SHORT) {
    i32 token = longest_of_long(search, bytes, length);
    if (token >= 0) return token;
    length = SHORT;
  }
  u64 head = load64(bytes);
  u32 tail = load32(bytes + 8);
  for (u32 size = length; size > 0; size--) {
    i32 token = short_words_find(&search->words, word_of(head, tail, size));
    if (token >= 0) return token;
  }
  return -1;
}

/** The longest token that is a proper prefix of `token`, which is `bytes[0..length)`, or -1. */
RARE static i32 shorter_token(TokenSearch *search, i32 token, const u8 *bytes, u32 length) {
  i32 known = search->prefixes[token];
  if (known > 0) return known - 2;
  // Whatever stands after the token is not looked at.
  i32 prefix = length > 1 ? longest_token(search, bytes, length - 1) : -1;
  search->prefixes[token] = prefix + 2;
  return prefix;
}
