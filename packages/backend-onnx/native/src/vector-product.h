/*
 * C = A B with vectors, in pieces that fit the caches (Goto and van de Geijn 2008). Columns of B are packed into strips;
 * some rows of A stay in the first level while all strips pass by out of the second, so that A is read and C written from
 * beginning to end. A is packed only where its rows are scattered. Every element is one sum over k in order, in passes of
 * the same depth, so it has the same bits whatever else is computed beside it.
 */
#ifndef ATTUNE_VECTOR_PRODUCT_H
#define ATTUNE_VECTOR_PRODUCT_H

#include "product.h"
#include "region.h"

/* Columns of B in a strip; values of k in one pass; scattered rows of A and columns of B that are packed at once. */
#define STRIP_COLUMNS (TILE_VECTORS * LANES)
#define PASS_DEPTH 256
#define PASS_ROWS (16 * TILE_ROWS)
#define PASS_COLUMNS 1024

/* Numbers in a line of the cache, and how many rows ahead packing fetches. */
#define LINE 16
#define ROWS_AHEAD 8

/* So many rows of A, one pass deep, stay in the second level. */
#define FEW_ROWS 128

/* What the packed rows and columns of a pass take. */
#define ROWS_BYTES (PASS_ROWS * PASS_DEPTH * sizeof(float))
#define COLUMNS_BYTES (PASS_COLUMNS * PASS_DEPTH * sizeof(float))

/* Regions are cut at multiples of these. To pack a number takes as long as to multiply it PACKING times. */
#define ROW_STEP TILE_ROWS
#define COLUMN_STEP STRIP_COLUMNS
#define PACKING 8

typedef float v4 __attribute__((vector_size(16)));
typedef float v4_memory __attribute__((vector_size(16), aligned(4)));

/* Four columns by four values of k, exchanged: from[i * across + p] to to[p * STRIP_COLUMNS + i]. */
ALWAYS_INLINE void transpose_4(const float *from, int64_t across, float *to) {
  const v4 a = *(const v4_memory *)from, b = *(const v4_memory *)(from + across);
  const v4 c = *(const v4_memory *)(from + 2 * across), d = *(const v4_memory *)(from + 3 * across);
  const v4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const v4 ef = __builtin_shufflevector(a, b, 2, 6, 3, 7), gh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(v4_memory *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *(v4_memory *)(to + STRIP_COLUMNS) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *(v4_memory *)(to + 2 * STRIP_COLUMNS) = __builtin_shufflevector(ef, gh, 0, 1, 4, 5);
  *(v4_memory *)(to + 3 * STRIP_COLUMNS) = __builtin_shufflevector(ef, gh, 2, 3, 6, 7);
}

/* One strip of B, `[depth, STRIP_COLUMNS]`; columns that B has not are 0. */
static void pack_strip(struct operand b, int64_t columns, int64_t depth, float *to) {
  if (columns < STRIP_COLUMNS) memset(to, 0, (size_t)(depth * STRIP_COLUMNS) * 4);
  if (b.across == 1 && columns == STRIP_COLUMNS) {
    for (int64_t p = 0; p < depth; p++) memcpy(to + p * STRIP_COLUMNS, b.x + p * b.deep, STRIP_COLUMNS * 4);
    return;
  }
  const int64_t whole = b.deep == 1 ? columns / 4 * 4 : 0, deep = depth / 4 * 4;
  for (int64_t j = 0; j < whole; j += 4) {
    const float *from = b.x + j * b.across;
    for (int64_t p = 0; p < deep; p += 4) transpose_4(from + p, b.across, to + p * STRIP_COLUMNS + j);
  }
  for (int64_t j = 0; j < columns; j++)
    for (int64_t p = j < whole ? deep : 0; p < depth; p++) to[p * STRIP_COLUMNS + j] = b.x[j * b.across + p * b.deep];
}

/* All strips of some columns of B, read in the order in which they lie. */
static void pack_strips(struct operand b, int64_t columns, int64_t depth, float *to) {
  const int64_t whole = b.across == 1 ? columns / STRIP_COLUMNS * STRIP_COLUMNS : 0;
  for (int64_t p = 0; p < depth && whole; p++) {
    const float *from = b.x + p * b.deep;
    for (int64_t s = 0; s < whole; s += STRIP_COLUMNS) {
      memcpy(to + s * depth + p * STRIP_COLUMNS, from + s, STRIP_COLUMNS * 4);
      for (int64_t i = s; i < s + STRIP_COLUMNS; i += LINE) __builtin_prefetch(from + ROWS_AHEAD * b.deep + i);
    }
  }
  for (int64_t s = whole; s < columns; s += STRIP_COLUMNS)
    pack_strip((struct operand){b.x + s * b.across, b.across, b.deep}, least(STRIP_COLUMNS, columns - s), depth, to + s * depth);
}

/* Rows of A that do not lie in one piece, by TILE_ROWS: `[rows / TILE_ROWS, depth, TILE_ROWS]`. */
static void pack_rows(struct operand a, int64_t rows, int64_t depth, float *to) {
  for (int64_t p = 0; p < depth; p++) {
    const float *from = a.x + p * a.deep;
    float *column = to + p * TILE_ROWS;
    int64_t i = 0;
    for (int64_t ahead = 0; ahead < rows; ahead += LINE) __builtin_prefetch(from + ROWS_AHEAD * a.deep + ahead);
    for (; i + TILE_ROWS <= rows; i += TILE_ROWS, column += depth * TILE_ROWS)
      for (int r = 0; r < TILE_ROWS; r++) column[r] = from[(i + r) * a.across];
    for (int r = 0; i + r < rows; r++) column[r] = from[(i + r) * a.across];
  }
}

/* Some rows by one strip. */
static void multiply_tile(int rows, int64_t depth, struct operand a, const float *strip, int64_t columns, float *c, int64_t stride,
                          int add) {
  if (columns == STRIP_COLUMNS) {
    if (TILE_VECTORS == 4) tile_4(rows, depth, a.x, a.across, a.deep, strip, STRIP_COLUMNS, c, stride, add);
    else tile_2(rows, depth, a.x, a.across, a.deep, strip, STRIP_COLUMNS, c, stride, add);
    return;
  }
  float edge[TILE_ROWS * STRIP_COLUMNS];
  if (add)
    for (int i = 0; i < rows; i++) memcpy(edge + i * STRIP_COLUMNS, c + i * stride, (size_t)columns * 4);
  product(rows, ceil_div(columns, LANES) * LANES, depth, a.x, a.across, a.deep, strip, STRIP_COLUMNS, edge, STRIP_COLUMNS, add);
  for (int i = 0; i < rows; i++) memcpy(c + i * stride, edge + i * STRIP_COLUMNS, (size_t)columns * 4);
}

/* The depth of each pass over `k`: as equal as may be. */
static inline int64_t pass_depth(int64_t k) { return ceil_div(ceil_div(k, ceil_div(k, PASS_DEPTH)), 4) * 4; }

/* Brings lines `begin` to `end` of `count` rows or columns of an operand, `depth` deep, into the cache: for later. */
static void fetch_ahead(struct operand o, int64_t count, int64_t depth, int64_t begin, int64_t end) {
  const int alongside = o.deep == 1;
  const int64_t rows = alongside ? count : depth, step = alongside ? o.across : o.deep;
  const int64_t lines = ceil_div(alongside ? depth : count, LINE);
  for (int64_t i = begin; i < end && i < rows * lines; i++) __builtin_prefetch(o.x + i / lines * step + i % lines * LINE);
}

/* Packed rows, or rows as they lie, by packed columns. The rows of C that come next, `next` of them, are fetched ahead. */
static void multiply_strips(struct operand a, int64_t rows, const float *strips, int64_t columns, int64_t depth, float *c,
                            int64_t stride, int64_t next, int add) {
  const int64_t ahead = ceil_div(next * ceil_div(depth, LINE) * STRIP_COLUMNS, columns);
  for (int64_t s = 0, part = 0; s < columns; s += STRIP_COLUMNS, part += ahead) {
    if (a.deep == 1) fetch_ahead((struct operand){a.x + rows * a.across, a.across, 1}, next, depth, part, part + ahead);
    for (int64_t i = 0; i < next; i++)
      for (int64_t j = 0; j < STRIP_COLUMNS; j += LINE) __builtin_prefetch(c + (rows + i) * stride + s + j, 1);
    multiply_tile((int)rows, depth, a, strips + s * depth, least(STRIP_COLUMNS, columns - s), c + s, stride, add);
  }
}

/* Few rows, which all stay in the cache, by one strip after the other: what takes time is to fetch B. */
static void multiply_few_rows(const struct region *t, float *strip) {
  const int64_t depth = pass_depth(t->k), tiles = ceil_div(t->rows, TILE_ROWS);
  const int64_t ahead = ceil_div(STRIP_COLUMNS * ceil_div(depth, LINE), tiles);
  for (int64_t k = 0; k < t->k; k += depth) {
    const int64_t deep = least(depth, t->k - k);
    for (int64_t j = 0; j < t->columns; j += STRIP_COLUMNS) {
      const int64_t wide = least(STRIP_COLUMNS, t->columns - j), next = least(STRIP_COLUMNS, t->columns - j - wide);
      const struct operand b = {t->b.x + j * t->b.across + k * t->b.deep, t->b.across, t->b.deep};
      const struct operand following = {b.x + wide * b.across, b.across, b.deep};
      pack_strip(b, wide, deep, strip);
      for (int64_t i = 0; i < tiles; i++) {
        const int64_t row = i * TILE_ROWS;
        fetch_ahead(following, next, deep, i * ahead, (i + 1) * ahead);
        multiply_tile((int)least(TILE_ROWS, t->rows - row), deep, (struct operand){t->a.x + row * t->a.across + k, t->a.across, 1}, strip,
                      wide, t->c + row * t->stride + j, t->stride, k > 0);
      }
    }
  }
}

/* One region. There is place for ROWS_BYTES and COLUMNS_BYTES. */
static void multiply_region(const struct region *t, void *for_rows, void *for_columns) {
  float *rows = for_rows, *columns = for_columns;
  const int64_t depth = pass_depth(t->k);
  const int scattered = t->a.deep != 1;
  if (t->rows <= FEW_ROWS && !scattered) {
    multiply_few_rows(t, columns);
    return;
  }
  for (int64_t j = 0; j < t->columns; j += PASS_COLUMNS)
    for (int64_t k = 0; k < t->k; k += depth) {
      const int64_t deep = least(depth, t->k - k), wide = least(PASS_COLUMNS, t->columns - j);
      const float *b = t->b.x + j * t->b.across + k * t->b.deep, *a = t->a.x + k * t->a.deep;
      pack_strips((struct operand){b, t->b.across, t->b.deep}, wide, deep, columns);
      for (int64_t i = 0; i < t->rows; i += TILE_ROWS) {
        struct operand some = {a + i * t->a.across, t->a.across, 1};
        if (scattered) {
          const int64_t place = i % PASS_ROWS;
          if (place == 0) pack_rows((struct operand){some.x, t->a.across, t->a.deep}, least(PASS_ROWS, t->rows - i), deep, rows);
          some = (struct operand){rows + place * deep, 1, TILE_ROWS};
        }
        const int64_t high = least(TILE_ROWS, t->rows - i), next = least(TILE_ROWS, t->rows - i - high);
        multiply_strips(some, high, columns, wide, deep, t->c + i * t->stride + j, t->stride, next, k > 0);
      }
    }
}

#endif
