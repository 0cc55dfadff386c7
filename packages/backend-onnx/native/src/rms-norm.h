/* The gradient of RMSNorm (Zhang and Sennrich 2019, equation 4). */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "simd.h"

/* Rows are summed in this many parts, whatever the number of threads, so that the sum is always the same. */
#define PARTS 16

struct rms_norm {
  const float *dy, *x, *weight, *inverse;
  float *dx, *partial;
  int64_t rows, d;
};

/*
 * With r = 1 / √(mean(x²) + eps) of a row and s = Σ dy · weight · x: dx = r · dy · weight − x · r³ s / d, and
 * dweight = Σ over rows of r · dy · x.
 */
static void rms_norm_grad_task(void *data, size_t part) {
  const struct rms_norm *n = data;
  const int64_t begin = n->rows * (int64_t)part / PARTS, end = n->rows * (int64_t)(part + 1) / PARTS;
  float *sums = n->partial + (int64_t)part * n->d;
  memset(sums, 0, (size_t)n->d * 4);
  for (int64_t row = begin; row < end; row++) {
    const float *dy = n->dy + row * n->d, *x = n->x + row * n->d;
    float *dx = n->dx + row * n->d;
    const vf r = splat(n->inverse[row]);
    vf s = splat(0);
    for (int64_t i = 0; i < n->d; i += LANES) {
      const vf product = load(dy + i) * load(x + i);
      s += product * load(n->weight + i);
      store(sums + i, load(sums + i) + product * r);
    }
    const vf pull = splat(sum_lanes(s) / (float)n->d) * r * r * r;
    for (int64_t i = 0; i < n->d; i += LANES)
      store(dx + i, r * load(dy + i) * load(n->weight + i) - load(x + i) * pull);
  }
}

/* Inputs: dy, x `[rows, d]`, weight `[d]`, inverse `[rows, 1]`; d a multiple of 16. Outputs: dx, dweight. */
static void rms_norm_grad(struct call *call) {
  struct rms_norm n = {.dy = call->inputs[0], .x = call->inputs[1], .weight = call->inputs[2], .inverse = call->inputs[3]};
  n.rows = call->shapes[1][0];
  n.d = call->shapes[1][1];
  n.dx = output_like(call, 0, 1);
  float *d_weight = output_like(call, 1, 2);
  n.partial = malloc((size_t)(PARTS * n.d) * 4);
  if (!n.partial) fail(call, "RmsNormGrad: out of memory");
  parallel(call, rms_norm_grad_task, PARTS, &n);
  if (!call->status)
    for (int64_t i = 0; i < n.d; i++) {
      float total = 0;
      for (int64_t part = 0; part < PARTS; part++) total += n.partial[part * n.d + i];
      d_weight[i] = total;
    }
  free(n.partial);
}
