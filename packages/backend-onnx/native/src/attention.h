/*
 * Attention and its gradient without ever holding the scores (Dao et al. 2022, "FlashAttention"): blocks of queries
 * against all keys that they see. Scores stand transposed, [keys, BLOCK]: a row of them is one vector operation for all
 * queries of a block, softmax needs no sum across lanes, and no matrix but the block of queries is ever transposed.
 */
#include <stdlib.h>

#include "call.h"
#include "product.h"
#include "simd.h"

/* Queries of a block. */
#define BLOCK 64
#define BLOCK_VECTORS (BLOCK / LANES)

struct attention {
  const float *q, *k, *v, *out, *log_sums, *dy;
  float *y, *y_log_sums, *dq, *dk, *dv;
  int64_t batch, heads, kv_heads, queries, keys, d;
  float scale;
  int causal;
  /* Tasks that share one head: with few heads there would be too few tasks. */
  int64_t parts;
  /* Where each part of a backward pass adds up dk and then dv of its head, when there are several. */
  float *partial;
  int out_of_memory;
};

/* The first keys that a block of queries sees. */
static int64_t visible(const struct attention *a, int64_t end) {
  if (!a->causal) return a->keys;
  const int64_t seen = end + a->keys - a->queries;
  return seen < 0 ? 0 : seen > a->keys ? a->keys : seen;
}

/* rows × d → d × BLOCK, the missing rows as zeros. */
static void transpose(const float *x, int64_t rows, int64_t d, float *out) {
  for (int64_t j = 0; j < d; j++)
    for (int64_t i = 0; i < BLOCK; i++) out[j * BLOCK + i] = i < rows ? x[i * d + j] : 0;
}

/* Whether the query at place i of a block beginning at `begin` may not see key j. */
ALWAYS_INLINE int hidden(const struct attention *a, int64_t j, int64_t begin, int64_t i) {
  return j > begin + i + a->keys - a->queries;
}

/* Minus infinity where hidden. Only the last rows can hide anything. */
static void mask(const struct attention *a, float *scores, int64_t n, int64_t begin) {
  if (!a->causal) return;
  const int64_t first = begin + a->keys - a->queries + 1;
  for (int64_t j = first < 0 ? 0 : first; j < n; j++)
    for (int64_t i = 0; i < BLOCK && hidden(a, j, begin, i); i++) scores[j * BLOCK + i] = -INFINITY;
}

static void attention_block(const struct attention *a, const float *q, const float *k, const float *v, int64_t begin,
                            int64_t rows, float *y, float *log_sums, float *scores, float *transposed) {
  const int64_t n = visible(a, begin + rows);
  if (n == 0) {
    memset(y, 0, (size_t)(rows * a->d) * 4);
    for (int64_t i = 0; i < rows; i++) log_sums[i] = 0;
    return;
  }
  transpose(q, rows, a->d, transposed);
  product(n, BLOCK, a->d, k, a->d, 1, transposed, BLOCK, scores, BLOCK, 0);
  mask(a, scores, n, begin);
  const vf scale = splat(a->scale);
  vf top[BLOCK_VECTORS], sum[BLOCK_VECTORS];
  for (int c = 0; c < BLOCK_VECTORS; c++) {
    /* Finite, for queries that see nothing: their sums are then 0. */
    top[c] = splat(-1e30f);
    for (int64_t j = 0; j < n; j++) top[c] = max_(top[c], load(scores + j * BLOCK + c * LANES));
    sum[c] = splat(0);
  }
  for (int64_t j = 0; j < n; j++)
    for (int c = 0; c < BLOCK_VECTORS; c++) {
      float *at = scores + j * BLOCK + c * LANES;
      const vf p = exp_((load(at) - top[c]) * scale);
      sum[c] += p;
      store(at, p);
    }
  product(rows, a->d, n, scores, 1, BLOCK, v, a->d, y, a->d, 0);
  for (int64_t i = 0; i < rows; i++) {
    const float total = sum[i / LANES][i % LANES];
    log_sums[i] = total > 0 ? top[i / LANES][i % LANES] * a->scale + logf(total) : 0;
    const vf factor = splat(total > 0 ? 1 / total : 0);
    for (int64_t j = 0; j < a->d; j += LANES) store(y + i * a->d + j, load(y + i * a->d + j) * factor);
  }
}

static void attention_task(void *data, size_t task) {
  struct attention *a = data;
  const int64_t head = (int64_t)task / a->parts, part = (int64_t)task % a->parts;
  const int64_t b = head / a->heads, group = a->heads / a->kv_heads;
  const int64_t kv = (b * a->kv_heads + head % a->heads / group) * a->keys * a->d;
  float *scores = malloc((size_t)((a->keys + a->d) * BLOCK) * 4);
  if (!scores) {
    a->out_of_memory = 1;
    return;
  }
  const int64_t blocks = (a->queries + BLOCK - 1) / BLOCK;
  /* Parts take turns, since later blocks see more. */
  for (int64_t block = part; block < blocks; block += a->parts) {
    const int64_t begin = block * BLOCK, rows = a->queries - begin < BLOCK ? a->queries - begin : BLOCK;
    const int64_t at = head * a->queries + begin;
    attention_block(a, a->q + at * a->d, a->k + kv, a->v + kv, begin, rows, a->y + at * a->d, a->y_log_sums + at, scores,
                    scores + a->keys * BLOCK);
  }
  free(scores);
}

static struct attention describe(const struct call *call, int q) {
  const int64_t *qs = call->shapes[q], *ks = call->shapes[q + 1];
  struct attention a = {.q = call->inputs[q], .k = call->inputs[q + 1], .v = call->inputs[q + 2]};
  a.batch = qs[0];
  a.heads = qs[1];
  a.queries = qs[2];
  a.d = qs[3];
  a.kv_heads = ks[1];
  a.keys = ks[2];
  a.scale = call->attributes[0];
  a.causal = call->attributes[1] != 0;
  return a;
}

/* Enough parts for 16 tasks, whatever the number of threads, so that sums are always the same. */
static int64_t parts_of(const struct attention *a, int64_t heads) {
  const int64_t blocks = (a->queries + BLOCK - 1) / BLOCK, wanted = (15 + heads) / heads;
  return blocks < wanted ? blocks : wanted;
}

/* Inputs: q, k, v `[batch, heads, seq, d]`, d a multiple of 16. Outputs: y like q, the logarithms of softmax's sums. */
static void attention(struct call *call) {
  struct attention a = describe(call, 0);
  a.y = output_like(call, 0, 0);
  a.y_log_sums = output(call, 1, call->shapes[0], 3);
  const int64_t heads = a.batch * a.heads;
  a.parts = parts_of(&a, heads);
  parallel(call, attention_task, (size_t)(heads * a.parts), &a);
  if (a.out_of_memory) fail(call, "Attention: out of memory");
}

/*
 * With P = softmax, dP = dO vᵀ and D = Σ dO ⊙ O over a row: dS = P ⊙ (dP − D), dq = scale · dS k, dk = scale · dSᵀ q
 * and dv = Pᵀ dO (FlashAttention, section B.4).
 */
static void attention_grad_block(const struct attention *a, int64_t at, int64_t kv, int64_t begin, int64_t rows,
                                 float *dk, float *dv, float *p, float *ds, float *transposed) {
  const int64_t d = a->d, n = visible(a, begin + rows);
  const float *q = a->q + at * d, *dy = a->dy + at * d, *out = a->out + at * d;
  const float *k = a->k + kv * d, *v = a->v + kv * d;
  if (n == 0) {
    memset(a->dq + at * d, 0, (size_t)(rows * d) * 4);
    return;
  }
  vf log_sums[BLOCK_VECTORS], row_sums[BLOCK_VECTORS];
  for (int64_t i = 0; i < BLOCK; i++) {
    vf total = splat(0);
    if (i < rows)
      for (int64_t j = 0; j < d; j += LANES) total += load(dy + i * d + j) * load(out + i * d + j);
    row_sums[i / LANES][i % LANES] = sum_lanes(total);
    log_sums[i / LANES][i % LANES] = i < rows ? a->log_sums[at + i] : 0;
  }
  transpose(q, rows, d, transposed);
  product(n, BLOCK, d, k, d, 1, transposed, BLOCK, p, BLOCK, 0);
  mask(a, p, n, begin);
  transpose(dy, rows, d, transposed);
  product(n, BLOCK, d, v, d, 1, transposed, BLOCK, ds, BLOCK, 0);
  const vf scale = splat(a->scale);
  for (int64_t j = 0; j < n; j++)
    for (int c = 0; c < BLOCK_VECTORS; c++) {
      const int64_t place = j * BLOCK + c * LANES;
      const vf probability = exp_(load(p + place) * scale - log_sums[c]);
      store(p + place, probability);
      store(ds + place, probability * (load(ds + place) - row_sums[c]) * scale);
    }
  product(rows, d, n, ds, 1, BLOCK, k, d, a->dq + at * d, d, 0);
  product(n, d, rows, ds, BLOCK, 1, q, d, dk, d, 1);
  product(n, d, rows, p, BLOCK, 1, dy, d, dv, d, 1);
}

/* A part of the queries of one key and value head: nobody else adds to what it adds to. */
static void attention_grad_task(void *data, size_t task) {
  struct attention *a = data;
  const int64_t kv_head = (int64_t)task / a->parts, part = (int64_t)task % a->parts;
  const int64_t b = kv_head / a->kv_heads, head = kv_head % a->kv_heads, group = a->heads / a->kv_heads;
  const int64_t kv = kv_head * a->keys, size = a->keys * a->d;
  float *dk = a->parts == 1 ? a->dk + kv * a->d : a->partial + (int64_t)task * 2 * size;
  float *dv = a->parts == 1 ? a->dv + kv * a->d : dk + size;
  float *p = malloc((size_t)((2 * a->keys + a->d) * BLOCK) * 4);
  if (!p) {
    a->out_of_memory = 1;
    return;
  }
  memset(dk, 0, (size_t)size * 4);
  memset(dv, 0, (size_t)size * 4);
  for (int64_t member = 0; member < group; member++)
    for (int64_t begin = part * BLOCK; begin < a->queries; begin += a->parts * BLOCK) {
      const int64_t rows = a->queries - begin < BLOCK ? a->queries - begin : BLOCK;
      const int64_t at = (b * a->heads + head * group + member) * a->queries + begin;
      attention_grad_block(a, at, kv, begin, rows, dk, dv, p, p + a->keys * BLOCK, p + 2 * a->keys * BLOCK);
    }
  free(p);
}

/* The sum of the parts of one key and value head, always in the same order. */
static void add_parts_task(void *data, size_t kv_head) {
  const struct attention *a = data;
  const int64_t size = a->keys * a->d;
  for (int which = 0; which < 2; which++) {
    float *total = (which ? a->dv : a->dk) + (int64_t)kv_head * size;
    const float *parts = a->partial + (int64_t)kv_head * a->parts * 2 * size + which * size;
    for (int64_t i = 0; i < size; i += LANES) {
      vf sum = load(parts + i);
      for (int64_t part = 1; part < a->parts; part++) sum += load(parts + part * 2 * size + i);
      store(total + i, sum);
    }
  }
}

/* Inputs: q, k, v, y and logarithms of sums of the forward pass, dy. Outputs: dq, dk, dv. */
static void attention_grad(struct call *call) {
  struct attention a = describe(call, 0);
  a.out = call->inputs[3];
  a.log_sums = call->inputs[4];
  a.dy = call->inputs[5];
  a.dq = output_like(call, 0, 0);
  a.dk = output_like(call, 1, 1);
  a.dv = output_like(call, 2, 2);
  const int64_t heads = a.batch * a.kv_heads;
  a.parts = parts_of(&a, heads);
  if (a.parts > 1) {
    a.partial = malloc((size_t)(heads * a.parts * 2 * a.keys * a.d) * 4);
    if (!a.partial) {
      fail(call, "AttentionGrad: out of memory");
      return;
    }
  }
  parallel(call, attention_grad_task, (size_t)(heads * a.parts), &a);
  if (a.parts > 1) parallel(call, add_parts_task, (size_t)heads, &a);
  free(a.partial);
  if (a.out_of_memory) fail(call, "AttentionGrad: out of memory");
}
