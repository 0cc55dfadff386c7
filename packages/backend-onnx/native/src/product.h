/*
 * Small matrix products for attention: C (+)= A B, A read with any strides, rows of B and C contiguous, the number of
 * columns a multiple of LANES. A tile of C stays in registers while k runs.
 */
#ifndef ATTUNE_PRODUCT_H
#define ATTUNE_PRODUCT_H

#include <string.h>

#include "simd.h"

/* Rows of a tile of C, and its vectors: 24 accumulators where there are 32 registers, 12 where there are 16. */
#define TILE_ROWS 6
#define TILE_VECTORS (LANES == 8 ? 2 : 4)

ALWAYS_INLINE void tile(const int rows, const int vectors, int64_t k, const float *a, int64_t row_stride, int64_t k_stride,
                        const float *b, int64_t b_stride, float *c, int64_t c_stride, int add) {
  vf acc[TILE_ROWS][4];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) acc[i][j] = add ? load(c + i * c_stride + j * LANES) : splat(0);
  for (int64_t p = 0; p < k; p++) {
    vf column[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) column[j] = load(b + p * b_stride + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const vf x = splat(a[i * row_stride + p * k_stride]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) acc[i][j] = fma_(x, column[j], acc[i][j]);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) store(c + i * c_stride + j * LANES, acc[i][j]);
}

#define ROWS_CASE(R, V) \
  case R: tile(R, V, k, a, row_stride, k_stride, b, b_stride, c, c_stride, add); break;
#define TILE_OF(V)                                                                                             \
  static void tile_##V(int rows, int64_t k, const float *a, int64_t row_stride, int64_t k_stride, const float *b, \
                       int64_t b_stride, float *c, int64_t c_stride, int add) {                                \
    switch (rows) { ROWS_CASE(1, V) ROWS_CASE(2, V) ROWS_CASE(3, V) ROWS_CASE(4, V) ROWS_CASE(5, V) ROWS_CASE(6, V) } \
  }
TILE_OF(1)
TILE_OF(2)
TILE_OF(4)

/* C[m, n] (+)= A[m, k] B[k, n]; A's element (i, p) stands at a[i · row_stride + p · k_stride]. */
static void product(int64_t m, int64_t n, int64_t k, const float *a, int64_t row_stride, int64_t k_stride, const float *b,
                    int64_t b_stride, float *c, int64_t c_stride, int add) {
  for (int64_t j = 0; j < n;) {
    const int64_t vectors = (n - j) / LANES;
    const int width = vectors >= 4 && TILE_VECTORS == 4 ? 4 : vectors >= 2 ? 2 : 1;
    for (int64_t i = 0; i < m; i += TILE_ROWS) {
      const int rows = m - i < TILE_ROWS ? (int)(m - i) : TILE_ROWS;
      const float *from = a + i * row_stride;
      float *to = c + i * c_stride + j;
      if (width == 4) tile_4(rows, k, from, row_stride, k_stride, b + j, b_stride, to, c_stride, add);
      else if (width == 2) tile_2(rows, k, from, row_stride, k_stride, b + j, b_stride, to, c_stride, add);
      else tile_1(rows, k, from, row_stride, k_stride, b + j, b_stride, to, c_stride, add);
    }
    j += width * LANES;
  }
}

#endif
