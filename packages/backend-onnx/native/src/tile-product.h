/* C = A B on the tile unit, in pieces that fit the second level of the cache (Goto and van de Geijn 2008). */
#ifndef ATTUNE_TILE_PRODUCT_H
#define ATTUNE_TILE_PRODUCT_H

#include "tiles.h"

/* Values of k in one pass, rows of A that a task packs (0.8 MB), and columns of B that are packed at once (6 MB). */
#define PASS_DEPTH 512
#define PASS_ROWS 256
#define PASS_COLUMNS 2048

struct tile_product {
  struct operand a, b;
  float *c;
  int64_t m, n, k;
  /* This pass: its part of k and of the columns, and those columns packed. */
  int64_t k_begin, depth, column, columns;
  bf16 *packed;
  /* Rows of a task, and tasks that share them, each with its strips of columns. */
  int64_t rows, pieces;
  int out_of_memory;
};

static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Bytes of `count` rows or columns, packed. */
static inline size_t packed_size(int64_t count, int64_t k) {
  return (size_t)(ceil_div(count, STRIP) * depth_blocks(k)) * STRIP_BLOCK * sizeof(bf16);
}

/* Packs some strips of the columns. */
static void pack_columns(const struct tile_product *t, int64_t strip, int64_t end) {
  const int64_t from = strip * STRIP, to = end * STRIP < t->columns ? end * STRIP : t->columns;
  struct operand b = t->b;
  b.x += (t->column + from) * b.across + t->k_begin * b.deep;
  pack(b, 1, to - from, t->depth, t->packed + strip * depth_blocks(t->depth) * STRIP_BLOCK);
}

/* Multiplies rows `begin` to `end` by the strips of columns `from` to `to`; `rows` has place for them. */
static void multiply_rows(const struct tile_product *t, int64_t begin, int64_t end, int64_t from, int64_t to, bf16 *rows) {
  const int64_t blocks = depth_blocks(t->depth), strips = (end - begin + STRIP - 1) / STRIP;
  struct operand a = t->a;
  a.x += begin * a.across + t->k_begin * a.deep;
  pack(a, 0, end - begin, t->depth, rows);
  configure_tiles();
  const int64_t lines = (STRIP_BLOCK / 32 + strips - 1) / strips;
  for (int64_t s = from; s < to; s++) {
    const bf16 *b = t->packed + s * blocks * STRIP_BLOCK;
    for (int64_t r = 0; r < strips; r++) {
      const int64_t row = begin + r * STRIP, column = s * STRIP;
      float *c = t->c + row * t->n + t->column + column;
      const int last = s + 1 >= to;
      const struct ahead ahead = {b + (blocks * STRIP_BLOCK) + r * blocks * lines * 32, last ? 0 : lines, last ? 0 : c + STRIP};
      if (end - row >= STRIP && t->columns - column >= STRIP)
        multiply_strips(rows + r * blocks * STRIP_BLOCK, b, blocks, c, t->n, t->k_begin > 0, ahead);
      else
        multiply_edge(rows + r * blocks * STRIP_BLOCK, b, blocks, c, t->n, end - row, t->columns - column, t->k_begin > 0);
    }
  }
  _tile_release();
}

#endif
