// Linear memory. What is taken while tables are built stays; what is given back serves later requests.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;

#define EXPORT(name) __attribute__((export_name(name)))
/** For what is not done often: as little code as possible. */
#define RARE __attribute__((noinline, minsize))
/**
 * For what is called from several places, and for what is called often by a function that is called once: engines compile
 * quickly at first, and well what is called again and again.
 */
#define SHARED __attribute__((noinline))
#define PAGE 65536u
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

static inline u16 load16(const u8 *at) {
  u16 value;
  __builtin_memcpy(&value, at, 2);
  return value;
}

static inline u32 load32(const u8 *at) {
  u32 value;
  __builtin_memcpy(&value, at, 4);
  return value;
}

static inline u64 load64(const u8 *at) {
  u64 value;
  __builtin_memcpy(&value, at, 8);
  return value;
}

static inline u32 rotated(u32 value, u32 by) { return (value << by) | (value >> (32 - by)); }

/** The least number of bits that count to `value`. */
static inline u32 bits_for(u32 value) { return value <= 1 ? 0 : 32 - (u32)__builtin_clz(value - 1); }

extern u8 __heap_base;
static u32 memory_top = 0;

/** Blocks given back, by the logarithm of their size; the first word of a block is the next one. */
static u32 free_blocks[32];

/** Memory up to `end` exists afterwards. A trap where there is none tells the caller to do without this module. */
RARE static void reach(u32 end) {
  u32 pages = (u32)__builtin_wasm_memory_size(0);
  u32 wanted = (end + PAGE - 1) / PAGE;
  if (wanted > pages && __builtin_wasm_memory_grow(0, wanted - pages) == (__SIZE_TYPE__)-1) __builtin_trap();
}

/** Zeroed memory of `size` bytes that stays. */
RARE static void *take(u32 size) {
  u32 bits = bits_for(size);
  if (size == 1u << bits && bits >= 6 && free_blocks[bits] != 0) {
    u32 block = free_blocks[bits];
    free_blocks[bits] = *(u32 *)block;
    __builtin_memset((void *)block, 0, size);
    return (void *)block;
  }
  if (memory_top == 0) memory_top = (u32)&__heap_base;
  memory_top = (memory_top + 63) & ~63u;
  u32 block = memory_top;
  if (size > 0xffffffffu - 2 * PAGE - block) __builtin_trap();
  memory_top += size;
  reach(memory_top);
  return (void *)block;
}

/** Gives a block back, in pieces whose sizes are powers of two. */
RARE static void give(void *block, u32 size) {
  u32 at = (u32)block;
  for (u32 bits = 31; bits >= 6; bits--) {
    if ((size & (1u << bits)) == 0) continue;
    *(u32 *)at = free_blocks[bits];
    free_blocks[bits] = at;
    at += 1u << bits;
  }
}
