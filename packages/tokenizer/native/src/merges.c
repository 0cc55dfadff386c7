// Learning BPE merges: the pair that occurs most is joined in all words that hold it, again and again. The twin is
// `MergeLearner` in src/train/merge-learner.ts. Most of the time goes into waiting for memory, so what belongs together
// lies together, and what will be needed soon is asked for first.
#include "merges-queue.h"

/** How many words are asked for before the first is needed. */
#define AHEAD 16

/** The id of the joined token, -1 to pass the pair over, -2 when enough is learned. */
__attribute__((import_module("attune"), import_name("join"))) i32 join(u32 left, u32 right);

/** What becomes, in the merge at hand, of the pairs with the neighbour on one side. */
typedef struct {
  u64 vanishing, appearing;
  /** The neighbour, doubled; odd where it comes after. */
  u32 key;
  /** The number of the pair that appears. */
  u32 pair;
  /** How many words hold that, and the last of them. */
  u32 size, last;
  /** Where the list of these words is being filled, backwards. */
  u32 *list;
} Neighbour;

static Neighbour *neighbours;
static u32 neighbour_count, neighbour_room;

typedef struct {
  u32 merge, number;
} Meeting;
/** By key: the merge in which the neighbour was met last, and its number then. */
static Meeting *meetings;
static u32 meeting_room, merge_number;

typedef struct {
  u32 neighbour, word;
} Holder;
/** The words that hold new pairs, in the order they were found. */
static Holder *holders;
static u32 holder_count, holder_room;

static inline Neighbour *neighbour_of(u32 key) {
  while (unlikely(key >= meeting_room)) meetings = enlarged(meetings, &meeting_room, 1 << 12, sizeof(Meeting));
  Meeting *meeting = &meetings[key];
  if (meeting->merge == merge_number) return &neighbours[meeting->number];
  if (unlikely(neighbour_count == neighbour_room))
    neighbours = enlarged(neighbours, &neighbour_room, 1 << 8, sizeof(Neighbour));
  *meeting = (Meeting){merge_number, neighbour_count};
  neighbours[neighbour_count] = (Neighbour){.key = key};
  return &neighbours[neighbour_count++];
}

/** In this word a pair of the neighbour vanishes and another takes its place. */
static inline void replace(u32 key, u32 place, u64 count) {
  Neighbour *neighbour = neighbour_of(key);
  neighbour->vanishing += count;
  neighbour->appearing += count;
  if (neighbour->last == place) return;
  neighbour->last = place;
  neighbour->size++;
  if (unlikely(holder_count == holder_room)) holders = enlarged(holders, &holder_room, 1 << 10, sizeof(Holder));
  holders[holder_count++] = (Holder){neighbour - neighbours, place};
}

/** Joins the pair throughout one word, in place. */
SHARED static void merge_word(u32 place, u32 left, u32 right, u32 joined) {
  Word *word = word_at(place);
  u32 *symbols = word->symbols;
  u32 length = word->length, from = 0;
  while (from + 1 < length && (symbols[from] != left || symbols[from + 1] != right)) from++;
  u32 to = from;
  for (; from < length; from++, to++) {
    if (symbols[from] != left || from + 1 >= length || symbols[from + 1] != right) {
      symbols[to] = symbols[from];
      continue;
    }
    if (to > 0) replace(symbols[to - 1] * 2, place, word->count);
    symbols[to] = joined;
    from++;
    if (from + 1 < length) replace(symbols[from + 1] * 2 + 1, place, word->count);
  }
  word->length = to;
}

/** Brings the counts of pairs up to date with what became of the neighbours, and queues the pairs that have come up. */
SHARED static void settle(u32 left, u32 right, u32 joined) {
  for (u32 i = 0; i < neighbour_count; i++) {
    Neighbour *each = &neighbours[i];
    u32 symbol = each->key >> 1;
    each->pair = each->key & 1 ? pair_of(joined, symbol) : pair_of(symbol, joined);
    pairs[each->pair].count += each->appearing;
    if (each->size > 1) each->list = new_list(each->size) + each->size;
  }
  for (u32 i = 0; i < holder_count; i++) {
    Neighbour *each = &neighbours[holders[i].neighbour];
    if (each->size > 1) *--each->list = holders[i].word;
  }
  // Only now: in a word such as abab a pair comes up with the first join and vanishes with the second.
  for (u32 i = 0; i < neighbour_count; i++) {
    const Neighbour *each = &neighbours[i];
    u32 symbol = each->key >> 1;
    pairs[each->key & 1 ? pair_of(right, symbol) : pair_of(symbol, left)].count -= each->vanishing;
  }
  for (u32 i = 0; i < neighbour_count; i++) {
    const Neighbour *each = &neighbours[i];
    if (pairs[each->pair].count > 0) propose(each->pair, each->size > 1 ? (u32)each->list : each->last, each->size);
    else if (each->size > 1) release_list(each->list, each->size);
  }
}

SHARED static void merge_all(const Candidate *candidate, u32 left, u32 right, u32 joined) {
  u32 size = candidate->size;
  const u32 *list = size > 1 ? (u32 *)candidate->list : &candidate->list;
  merge_number++;
  neighbour_count = 0;
  holder_count = 0;
  for (u32 begin = 0; begin < size; begin += AHEAD) {
    u32 end = size - begin > AHEAD ? begin + AHEAD : size;
    for (u32 i = begin; i < end; i++) ask_for(&word_at(list[i])->length);
    for (u32 i = begin; i < end; i++) merge_word(list[i], left, right, joined);
  }
  settle(left, right, joined);
}

typedef struct {
  u32 size, last;
  u32 *list;
} First;
/** Of each pair at the beginning: the words that hold it. */
static First *firsts;
static u32 first_room;

/** Counts the pairs at the beginning, lists the words that hold them, and queues them. */
static void begin_pairs(u32 begin, u32 end) {
  grow_pairs();
  for (u32 place = begin; place < end; place = next_word(place)) {
    Word *word = word_at(place);
    double count;
    __builtin_memcpy(&count, &word->count, 8);
    word->count = (u64)count;
    for (u32 i = 0; i + 1 < word->length; i++) {
      u32 pair = pair_of(word->symbols[i], word->symbols[i + 1]);
      while (pair >= first_room) firsts = enlarged(firsts, &first_room, 1 << 12, sizeof(First));
      pairs[pair].count += word->count;
      if (firsts[pair].last == place) continue;
      firsts[pair].last = place;
      firsts[pair].size++;
    }
  }
  for (u32 pair = 0; pair < pair_count; pair++) {
    First *first = &firsts[pair];
    if (first->size > 1) first->list = new_list(first->size);
    u32 list = first->size > 1 ? (u32)first->list : first->last;
    if (pairs[pair].count > 0) propose(pair, list, first->size);
    first->last = 0;
  }
  for (u32 place = begin; place < end; place = next_word(place)) {
    const Word *word = word_at(place);
    for (u32 i = 0; i + 1 < word->length; i++) {
      First *first = &firsts[pair_of(word->symbols[i], word->symbols[i + 1])];
      if (first->size == 1 || first->last == place) continue;
      first->last = place;
      *first->list++ = place;
    }
  }
  if (first_room > 0) give(firsts, first_room * sizeof(First));
}

EXPORT("room") u32 room(u32 bytes) { return (u32)take(bytes); }

/** Takes the texts of the symbols, which stand one after the other, and their lengths. */
EXPORT("setTexts") void set_texts(const u8 *bytes, const u32 *lengths, u32 count) {
  for (u32 i = 0; i < count; bytes += lengths[i++]) {
    __builtin_memcpy(room_for_text(lengths[i]), bytes, lengths[i]);
    add_text(lengths[i]);
  }
}

/** @param begin, end where the words are, laid out as in `CountedWords` */
EXPORT("learn") void learn(u32 begin, u32 end, double min_frequency) {
  begin_pairs(begin, end);
  Candidate *candidate;
  while ((candidate = next_candidate()) != 0) {
    if ((double)candidate->count < min_frequency) break;
    u32 left = pairs[candidate->pair].left, right = pairs[candidate->pair].right;
    i32 joined = join(left, right);
    if (joined == -2) break;
    if (joined == -1) {
      if (candidate->size > 1) release_list((u32 *)candidate->list, candidate->size);
      continue;
    }
    if (texts != 0 && (u32)joined == text_count) add_joined_text(left, right);
    merge_all(candidate, left, right, (u32)joined);
    if (candidate->size > 1) release_list((u32 *)candidate->list, candidate->size);
  }
}
