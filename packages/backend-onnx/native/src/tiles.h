/*
 * Matrix products of float32 on the tile unit of AMX, which multiplies bfloat16 alone but sixteen times as fast as vectors
 * multiply float32. A float32 of 24 significant bits is the exact sum of three bfloat16 of 8: x = x₁ + x₂ + x₃. Of the
 * nine products in xy six count; x₂y₃, x₃y₂ and x₃y₃ are below 2⁻²⁴ |xy|, which float32 rounds away (Henry, Tang and
 * Heinecke 2019, "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations"). What is
 * not finite gives NaN.
 *
 * Both operands are packed into strips: 32 rows of A, or 32 columns of B, by all of k. A strip holds for every 32 values
 * of k its parts 1, 2 and 3, each as two tiles of 16 rows of 64 bytes. A tile of A is 16 rows by 32 k; a tile of B 16
 * pairs of k by 16 columns, the two of a pair side by side.
 */
#ifndef ATTUNE_TILES_H
#define ATTUNE_TILES_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "region.h"

/* Rows of A or columns of B in a strip, values of k in a block. */
#define STRIP 32
#define DEPTH 32
/* Numbers of bfloat16 in a tile and in a block of a strip. */
#define TILE 512
#define PARTS 3
#define STRIP_BLOCK (2 * PARTS * TILE)

typedef uint16_t bf16;

/* Blocks of k. */
static inline int64_t depth_blocks(int64_t k) { return (k + DEPTH - 1) / DEPTH; }

/* The next part of x, rounded to the nearest bfloat16 (ties away from 0); x keeps the rest, which is exact. */
static inline __attribute__((always_inline)) __m512i take_part(__m512 *x) {
  const __m512i rounded = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(*x), _mm512_set1_epi32(0x8000)),
                                           _mm512_set1_epi32((int)0xffff0000));
  *x = _mm512_sub_ps(*x, _mm512_castsi512_ps(rounded));
  return rounded;
}

/* Lanes that lie below `count`. */
static inline __mmask16 lanes_below(int64_t count) {
  return count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

/* Exchanges rows and columns of 16 x 16 words of 32 bits. */
static inline __attribute__((always_inline)) void transpose_words(__m512i r[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 16; i += 8)
    for (int j = 0; j < 4; j++) {
      t[i + j] = _mm512_shuffle_i32x4(r[i + j], r[i + j + 4], 0x88);
      t[i + j + 4] = _mm512_shuffle_i32x4(r[i + j], r[i + j + 4], 0xdd);
    }
  for (int j = 0; j < 8; j++) {
    r[j] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0x88);
    r[j + 8] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0xdd);
  }
}

/* The bfloat16 of the upper halves of 32 words. */
static inline __attribute__((always_inline)) __m512i upper_halves(__m512i low, __m512i high) {
  static const uint16_t places[32] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                      33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
  return _mm512_permutex2var_epi16(low, _mm512_loadu_si512(places), high);
}

/* Three tiles whose words of 32 bits change places. */
static inline __attribute__((always_inline)) void store_flipped(__m512i part[PARTS][16], bf16 *out) {
  for (int p = 0; p < PARTS; p++) {
    transpose_words(part[p]);
    for (int i = 0; i < 16; i++) _mm512_store_si512(out + p * 2 * TILE + i * 32, part[p][i]);
  }
}

/*
 * Three tiles of 16 lines: line i holds the parts of x[i · stride] … x[i · stride + 31], those beyond `lines` and
 * `length` as 0. With `flip` words of 32 bits change places, so that pairs of k run along the lines' numbers.
 */
static inline __attribute__((always_inline)) void pack_lines(const float *x, int64_t stride, int64_t lines, int64_t length, int flip, bf16 *out) {
  const __mmask16 low = lanes_below(length), high = lanes_below(length - 16);
  __m512i part[PARTS][16];
  for (int i = 0; i < 16; i++) {
    __m512 a = _mm512_setzero_ps(), b = a;
    if (i < lines) {
      a = _mm512_maskz_loadu_ps(low, x + i * stride);
      b = _mm512_maskz_loadu_ps(high, x + i * stride + 16);
    }
    for (int p = 0; p < PARTS; p++) {
      const __m512i upper_a = take_part(&a), upper_b = take_part(&b);
      const __m512i line = upper_halves(upper_a, upper_b);
      if (flip) part[p][i] = line;
      else _mm512_store_si512(out + p * 2 * TILE + i * 32, line);
    }
  }
  if (flip) store_flipped(part, out);
}

/*
 * Three tiles of 16 pairs of lines: line 2i and line 2i + 1 of x, 16 numbers of each, interleaved. With `flip` as above.
 */
static inline __attribute__((always_inline)) void pack_pairs(const float *x, int64_t stride, int64_t lines, int64_t length, int flip, bf16 *out) {
  const __mmask16 mask = lanes_below(length);
  __m512i part[PARTS][16];
  for (int i = 0; i < 16; i++) {
    __m512 a = _mm512_setzero_ps(), b = a;
    if (2 * i < lines) a = _mm512_maskz_loadu_ps(mask, x + 2 * i * stride);
    if (2 * i + 1 < lines) b = _mm512_maskz_loadu_ps(mask, x + (2 * i + 1) * stride);
    for (int p = 0; p < PARTS; p++) {
      const __m512i even = take_part(&a), odd = take_part(&b);
      const __m512i line = _mm512_or_si512(_mm512_srli_epi32(even, 16), odd);
      if (flip) part[p][i] = line;
      else _mm512_store_si512(out + p * 2 * TILE + i * 32, line);
    }
  }
  if (flip) store_flipped(part, out);
}

/*
 * Packs `count` rows of A or columns of B, `k` deep, into strips; places beyond are 0. `blocks` of k is a strip's length.
 */
static void pack(struct operand o, int columns, int64_t count, int64_t k, bf16 *out) {
  const int64_t blocks = depth_blocks(k);
  /* Along k outside, so that where k is not contiguous whole rows of memory are read. */
  for (int64_t block = 0; block < blocks; block++)
    for (int64_t i = 0; i < count; i += 16) {
      const int64_t p = block * DEPTH;
      bf16 *to = out + (i / STRIP * blocks + block) * STRIP_BLOCK + i % STRIP / 16 * TILE;
      const float *from = o.x + i * o.across + p * o.deep;
      /* The same of the next block, which stands in too many places for the processor to guess. */
      if (block + 1 < blocks)
        for (int64_t line = 0; line < DEPTH; line++)
          _mm_prefetch(o.deep == 1 ? from + line / 2 * o.across + DEPTH + line % 2 * 16 : from + (DEPTH + line) * o.deep, _MM_HINT_T0);
      if (o.deep == 1) {
        if (columns) pack_lines(from, o.across, count - i, k - p, 1, to);
        else pack_lines(from, o.across, count - i, k - p, 0, to);
      } else {
        if (columns) pack_pairs(from, o.deep, k - p, count - i, 0, to);
        else pack_pairs(from, o.deep, k - p, count - i, 1, to);
      }
    }
  /* The second half of the last strip. */
  if ((count + 15) / 16 % 2)
    for (int64_t block = 0; block < blocks; block++)
      for (int part = 0; part < PARTS; part++)
        memset(out + (count / STRIP * blocks + block) * STRIP_BLOCK + (2 * part + 1) * TILE, 0, TILE * sizeof *out);
}

/* The tile unit of this thread: eight tiles of 16 rows of 64 bytes. */
static void configure_tiles(void) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } config = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    config.bytes[i] = 64;
    config.rows[i] = 16;
  }
  _tile_loadconfig(&config);
}

#define LOAD_PAIR(first, second, from)     \
  _tile_loadd(first, from, 64);            \
  _tile_loadd(second, (from) + TILE, 64)
#define MULTIPLY            \
  _tile_dpbf16ps(0, 4, 6);  \
  _tile_dpbf16ps(1, 4, 7);  \
  _tile_dpbf16ps(2, 5, 6);  \
  _tile_dpbf16ps(3, 5, 7)

/* Two tiles into the first level of the cache. */
#define FETCH_LINES(from) \
  for (int line = 0; line < 2 * TILE; line += 32) _mm_prefetch((from) + line, _MM_HINT_T0)

/* What to bring into the second level of the cache while a strip is multiplied: the next strip of B, and its place in C. */
struct ahead {
  const bf16 *b;
  /* Lines of 64 bytes for each block of k. */
  int64_t lines;
  const float *c;
};

/* C[32, 32] (+)= strip of A times strip of B, `blocks` long. The parts' order changes one pair of tiles at a time. */
static inline __attribute__((always_inline)) void multiply_strips(const bf16 *a, const bf16 *b, int64_t blocks, float *c, int64_t stride, int add, struct ahead ahead) {
  const size_t bytes = (size_t)stride * 4;
  if (add) {
    _tile_loadd(0, c, bytes);
    _tile_loadd(1, c + 16, bytes);
    _tile_loadd(2, c + 16 * stride, bytes);
    _tile_loadd(3, c + 16 * stride + 16, bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t i = 0; i < blocks; i++, a += STRIP_BLOCK, b += STRIP_BLOCK) {
    for (int64_t line = 0; line < ahead.lines; line++, ahead.b += 32) _mm_prefetch(ahead.b, _MM_HINT_T1);
    if (ahead.c && i < STRIP / 2)
      for (int j = 0; j < 4; j++) __builtin_prefetch(ahead.c + (2 * i + j / 2) * stride + j % 2 * 16, 1, 2);
    LOAD_PAIR(4, 5, a);
    LOAD_PAIR(6, 7, b + 4 * TILE);
    MULTIPLY;
    FETCH_LINES(a + STRIP_BLOCK);
    LOAD_PAIR(6, 7, b + 2 * TILE);
    MULTIPLY;
    LOAD_PAIR(4, 5, a + 2 * TILE);
    MULTIPLY;
    FETCH_LINES(a + STRIP_BLOCK + 2 * TILE);
    LOAD_PAIR(6, 7, b);
    MULTIPLY;
    LOAD_PAIR(4, 5, a + 4 * TILE);
    MULTIPLY;
    FETCH_LINES(a + STRIP_BLOCK + 4 * TILE);
    LOAD_PAIR(4, 5, a);
    MULTIPLY;
  }
  _tile_stored(0, c, bytes);
  _tile_stored(1, c + 16, bytes);
  _tile_stored(2, c + 16 * stride, bytes);
  _tile_stored(3, c + 16 * stride + 16, bytes);
}

/* The same where C ends before the strips do. */
static void multiply_edge(const bf16 *a, const bf16 *b, int64_t blocks, float *c, int64_t stride, int64_t rows, int64_t columns, int add) {
  float whole[STRIP * STRIP] __attribute__((aligned(64)));
  const int64_t r = rows < STRIP ? rows : STRIP, n = columns < STRIP ? columns : STRIP;
  if (add)
    for (int64_t i = 0; i < r; i++) memcpy(whole + i * STRIP, c + i * stride, (size_t)n * 4);
  multiply_strips(a, b, blocks, whole, STRIP, add, (struct ahead){0});
  for (int64_t i = 0; i < r; i++) memcpy(c + i * stride, whole + i * STRIP, (size_t)n * 4);
}

#endif
