// Candidates by falling count. They lie in buckets of nearly equal counts, up to 511 of exactly equal ones; only those of
// the bucket at hand are in order, in a heap, so that the many that are never reached cost next to nothing.
#pragma once
#include "merges-order.h"

/** A pair that may be joined: how often it was seen when queued, and the words to look for it in. */
typedef struct {
  u64 count;
  u32 pair;
  /** How many words: one is `list` itself, more are listed there. */
  u32 size;
  u32 list;
  /** The next in the same bucket. */
  u32 next;
} Candidate;

typedef struct {
  u64 count, key;
  Candidate *candidate;
} Ordered;

#define BUCKETS (56 * 256 + 256)
static u32 buckets[BUCKETS];
/** The bucket that is in the heap; all above are empty. */
static u32 bucket_at_hand = BUCKETS - 1;
static Ordered *heap;
static u32 heap_size, heap_room;
/** Candidates lie one after the other, none is used twice: the earlier one has the smaller address. */
static Candidate *candidates, *candidates_end;

static inline u32 bucket_of(u64 count) {
  u32 shift = count < 512 ? 0 : 55 - (u32)__builtin_clzll(count);
  return (shift << 8) + (u32)(count >> shift);
}

/** The later queued of two candidates for one pair comes after. */
static inline int is_before(const Ordered *a, const Ordered *b) {
  if (a->count != b->count) return a->count > b->count;
  if (a->key != b->key) return a->key < b->key;
  u32 pair = a->candidate->pair, other = b->candidate->pair;
  return pair == other ? a->candidate < b->candidate : precedes(pair, other);
}

SHARED static void into_heap(Candidate *candidate) {
  if (unlikely(heap_size == heap_room)) heap = enlarged(heap, &heap_room, 1 << 10, sizeof(Ordered));
  Ordered ordered = {candidate->count, key_of(&pairs[candidate->pair]), candidate};
  u32 at = heap_size++;
  while (at > 0) {
    u32 parent = (at - 1) >> 1;
    if (!is_before(&ordered, &heap[parent])) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = ordered;
}

SHARED static Candidate *from_heap(void) {
  Candidate *first = heap[0].candidate;
  Ordered last = heap[--heap_size];
  u32 at = 0;
  for (;;) {
    u32 child = 2 * at + 1;
    if (child >= heap_size) break;
    if (child + 1 < heap_size && is_before(&heap[child + 1], &heap[child])) child++;
    if (is_before(&last, &heap[child])) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return first;
}

static inline void into_bucket(u32 bucket, Candidate *candidate) {
  candidate->next = buckets[bucket];
  buckets[bucket] = (u32)candidate;
}

SHARED static void enqueue(Candidate *candidate) {
  u32 bucket = bucket_of(candidate->count);
  if (bucket < bucket_at_hand) {
    into_bucket(bucket, candidate);
    return;
  }
  // Counts grow where two ways lead to one token.
  if (unlikely(bucket > bucket_at_hand)) {
    while (heap_size > 0) into_bucket(bucket_at_hand, heap[--heap_size].candidate);
    bucket_at_hand = bucket;
  }
  into_heap(candidate);
}

/** Queues a pair that occurs in `size` words. */
static inline void propose(u32 pair, u32 list, u32 size) {
  if (unlikely(candidates == candidates_end)) {
    candidates = take(4096 * sizeof(Candidate));
    candidates_end = candidates + 4096;
  }
  *candidates = (Candidate){.count = pairs[pair].count, .pair = pair, .size = size, .list = list};
  enqueue(candidates++);
}

/** The first candidate of all, whose count is that of its pair, or null. */
SHARED static Candidate *next_candidate(void) {
  for (;;) {
    while (heap_size == 0) {
      u32 next = buckets[bucket_at_hand];
      buckets[bucket_at_hand] = 0;
      if (next == 0) {
        if (bucket_at_hand == 0) return 0;
        bucket_at_hand--;
      }
      while (next != 0) {
        Candidate *candidate = (Candidate *)next;
        next = candidate->next;
        into_heap(candidate);
      }
    }
    Candidate *candidate = from_heap();
    u64 count = pairs[candidate->pair].count;
    if (count == candidate->count) return candidate;
    candidate->count = count;
    if (count > 0) enqueue(candidate);
  }
}
