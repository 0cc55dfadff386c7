/* C = A B on the tile unit, in pieces that fit the second level of the cache (Goto and van de Geijn 2008). */
#ifndef ATTUNE_TILE_PRODUCT_H
#define ATTUNE_TILE_PRODUCT_H

#include "tiles.h"
#include "region.h"

/* Values of k in one pass, and rows of A (0.8 MB) and columns of B (3 MB) that are packed at once. */
#define PASS_DEPTH 512
#define PASS_ROWS 256
#define PASS_COLUMNS 1024
#define ROWS_BYTES packed_size(PASS_ROWS, PASS_DEPTH)
#define COLUMNS_BYTES packed_size(PASS_COLUMNS, PASS_DEPTH)

/* Regions are cut at multiples of these. To pack a number takes as long as to multiply it PACKING times. */
#define ROW_STEP STRIP
#define COLUMN_STEP STRIP
#define PACKING 45

/* Bytes of `count` rows or columns, packed. */
static inline size_t packed_size(int64_t count, int64_t depth) {
  return (size_t)(ceil_div(count, STRIP) * depth_blocks(depth)) * STRIP_BLOCK * sizeof(bf16);
}

/* Packed rows by packed columns. */
static void multiply_packed(const bf16 *a, int64_t rows, const bf16 *b, int64_t columns, int64_t blocks, float *c, int64_t stride, int add) {
  const int64_t strips = ceil_div(rows, STRIP), lines = ceil_div(STRIP_BLOCK / 32, strips);
  for (int64_t j = 0; j < columns; j += STRIP, b += blocks * STRIP_BLOCK) {
    const int last = j + STRIP >= columns;
    for (int64_t r = 0; r < strips; r++) {
      const bf16 *strip = a + r * blocks * STRIP_BLOCK;
      float *to = c + r * STRIP * stride + j;
      const int64_t rows_left = rows - r * STRIP;
      const struct ahead ahead = {b + blocks * (STRIP_BLOCK + r * lines * 32), last ? 0 : lines, last ? 0 : to + STRIP};
      if (rows_left >= STRIP && columns - j >= STRIP) multiply_strips(strip, b, blocks, to, stride, add, ahead);
      else multiply_edge(strip, b, blocks, to, stride, rows_left, columns - j, add);
    }
  }
}

/* The depth of each pass over `k`: equal, and whole blocks. */
static inline int64_t pass_depth(int64_t k) { return ceil_div(ceil_div(k, ceil_div(k, PASS_DEPTH)), DEPTH) * DEPTH; }

/*
 * One region. What one thread has packed another would have to fetch out of its cache, which takes longer than to pack it
 * again: regions share nothing. There is place for ROWS_BYTES and COLUMNS_BYTES.
 */
static void multiply_region(const struct region *t, void *for_rows, void *for_columns) {
  bf16 *rows = for_rows, *columns = for_columns;
  const int64_t depth = pass_depth(t->k);
  configure_tiles();
  for (int64_t j = 0; j < t->columns; j += PASS_COLUMNS)
    for (int64_t k = 0; k < t->k; k += depth) {
      const int64_t deep = least(depth, t->k - k), wide = least(PASS_COLUMNS, t->columns - j);
      pack((struct operand){t->b.x + j * t->b.across + k * t->b.deep, t->b.across, t->b.deep}, 1, wide, deep, columns);
      for (int64_t i = 0; i < t->rows; i += PASS_ROWS) {
        const int64_t high = least(PASS_ROWS, t->rows - i);
        pack((struct operand){t->a.x + i * t->a.across + k * t->a.deep, t->a.across, t->a.deep}, 0, high, deep, rows);
        multiply_packed(rows, high, columns, wide, depth_blocks(deep), t->c + i * t->stride + j, t->stride, k > 0);
      }
    }
  _tile_release();
}

#endif
