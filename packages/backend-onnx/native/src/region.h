/* What every way to multiply matrices shares: operands read with any strides, and the part of a product that one thread computes. */
#ifndef ATTUNE_REGION_H
#define ATTUNE_REGION_H

#include <stdint.h>

/* A matrix as the product sees it: rows of A or columns of B lie `across` numbers apart, values of k `deep`. */
struct operand {
  const float *x;
  int64_t across, deep;
};

/* A part of a product that one thread computes by itself. */
struct region {
  struct operand a, b;
  /* Row-major, `stride` numbers from row to row. */
  float *c;
  int64_t stride, rows, columns, k;
};

static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }

#endif
