// The memory that is not taken: what a call is given lies at its beginning, and what the call works with behind it.
#pragma once
/* Nothing is taken by size here. */
#pragma clang diagnostic ignored "-Wunused-function"
#include "memory.h"

/* Bytes that may be read and written after a text. */
#define PADDING 128u
#define BLANK 0x20

static inline u64 aligned(u64 address) { return (address + 63) & ~63ull; }

RARE static u32 room(void) {
  if (memory_top == 0) memory_top = (u32)&__heap_base;
  memory_top = (u32)aligned(memory_top);
  return memory_top;
}

/* Memory up to `end` exists afterwards, or it is a trap. */
RARE static void extend(u64 end) {
  if (end > 0xffff0000u) __builtin_trap();
  reach((u32)end);
}

/* Takes the beginning, with what it holds. */
RARE static void keep(u64 size) {
  extend(room() + size);
  memory_top += (u32)size;
}

static inline u32 length_of(u8 lead) { return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4; }
