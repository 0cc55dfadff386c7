/*
 * Working memory that is kept for the next call: memory of some megabytes that is freshly mapped costs as much as the
 * product that needs it. A call takes a buffer for itself, so that sessions may run side by side.
 */
#ifndef ATTUNE_SCRATCH_H
#define ATTUNE_SCRATCH_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(_WIN32)
#include <malloc.h>
#define allocate_aligned(size) _aligned_malloc(size, 64)
#define free_aligned _aligned_free
#else
#define allocate_aligned(size) aligned_alloc(64, size)
#define free_aligned free
#endif

/* Buffers that are kept at most. */
#define KEPT 64

struct buffer {
  void *memory;
  size_t size;
};

static struct buffer kept[KEPT];
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* At least `size` bytes at a multiple of 64; no memory when there is none. The smallest kept buffer that is large enough. */
static struct buffer take_buffer(size_t size) {
  size = (size + 63) / 64 * 64;
  struct buffer found = {0, size};
  int best = -1;
  while (atomic_flag_test_and_set(&busy)) {}
  for (int i = 0; i < KEPT; i++)
    if (kept[i].memory && kept[i].size >= size && (best < 0 || kept[i].size < kept[best].size)) best = i;
  if (best >= 0) {
    found = kept[best];
    kept[best].memory = 0;
  }
  atomic_flag_clear(&busy);
  if (best < 0) found.memory = allocate_aligned(size);
  return found;
}

static void give_back(struct buffer buffer) {
  if (!buffer.memory) return;
  while (atomic_flag_test_and_set(&busy)) {}
  int place = 0;
  while (place < KEPT && kept[place].memory) place++;
  if (place < KEPT) kept[place] = buffer;
  atomic_flag_clear(&busy);
  if (place == KEPT) free_aligned(buffer.memory);
}

#endif
