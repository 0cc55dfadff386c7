/*
 * Unigram models from a text to ids in one call: normalizing, finding words, looking them up, segmenting those that
 * are not known. `WasmUnigram` calls it; the readable twins in JavaScript, which also serve where there is no
 * WebAssembly, are `ByteNormalizer`, `ByteUnigram` and `UnigramViterbi`.
 */
#include "unigram-room.h"
#include "unigram-trie.h"
#include "unigram-viterbi.h"
#include "unigram-normalize.h"
#include "unigram-words.h"

/* Where what a call is given is put: `bytes` may be written there. */
RARE EXPORT("room") u32 room_for(u32 bytes) {
  extend((u64)room() + bytes + PADDING);
  return room();
}

/*
 * The pieces: scores of all ids (double), what they add to sums (float), the lengths of the pieces, their ids, their
 * bytes. Returns whether they fit.
 */
RARE EXPORT("setPieces") int set_pieces(u32 id_limit, u32 pieces, double unknown, i32 unknown_piece) {
  scores = (double *)room();
  keep(id_limit * sizeof(double));
  added = (float *)(scores + id_limit);
  memory_top += (id_limit + 1) * sizeof(float);
  nothing = (i32)id_limit;
  unknown_score = unknown;
  unknown_id = unknown_piece;
  const u32 *lengths = (u32 *)(added + id_limit + 1);
  const i32 *piece_ids = (i32 *)(lengths + pieces);
  if (!build_trie((u8 *)(piece_ids + pieces), lengths, piece_ids, pieces)) return 0;
  make_table();
  return 1;
}

/* The 256 tokens that stand for the bytes of an unknown character. */
RARE EXPORT("setBytes") void set_bytes(void) {
  byte_ids = (i32 *)room();
  keep(256 * sizeof(i32));
}

/* How words are found, and whether scores are summed and unknown characters joined over the whole text. */
RARE EXPORT("setWords") void set_words(int joins, int over_text) {
  alone_characters = set_of((u8 *)room());
  joins_blanks = joins;
  is_over_text = over_text;
}

/* The normalizer: kinds of bytes, units of the double array, replacements. */
RARE EXPORT("setRules") void set_rules(u32 rule_count, u32 bytes, int dummy, int removes) {
  kinds = (u8 *)room();
  rules = (u32 *)(kinds + 256);
  rule_units = rule_count;
  replacements = (u8 *)(rules + rule_count);
  replacements_size = bytes;
  keep(256 + rule_count * sizeof(u32) + bytes);
  u8 is_plain[0x80];
  for (u32 i = 0; i < 0x80; i++) is_plain[i] = kinds[i] != RULED;
  plain_characters = set_of(is_plain);
  adds_dummy_prefix = dummy;
  removes_extra_whitespace = removes;
}

/* Encodes `length` bytes. Returns how many ids there are, at `ids`; -1 where a character is in no piece. */
EXPORT("encode") i32 encode(u32 length, int normalizes) {
  normal = (u8 *)room();
  if (normalizes) {
    raw = normal;
    u64 start = aligned((u64)(u32)raw + length + PADDING);
    /* A byte becomes one at most, but for replacements and a space before the text. */
    extend(start + length + 1 + PADDING);
    normal = (u8 *)(u32)start;
    length = normalize_text(length);
  }
  u64 ids_at = aligned((u64)(u32)normal + length + PADDING);
  u64 lattice_at = aligned(ids_at + (length + 2ull) * sizeof(i32));
  extend(lattice_at);
  __builtin_memset(normal + length, 0, PADDING);
  ids = (i32 *)(u32)ids_at;
  lattice = (Position *)(u32)lattice_at;
  return encode_words(length);
}

EXPORT("ids") u32 ids_of_text(void) { return (u32)ids; }
