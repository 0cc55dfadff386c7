/*
 * Attention and its gradient without ever holding the scores (Dao et al. 2022, "FlashAttention"): blocks of queries
 * against all keys that they see. Scores stand transposed, [keys, BLOCK]: a row of them is one vector operation for all
 * queries of a block, softmax needs no sum across lanes, and no matrix but the block of queries is ever transposed.
 */
#include <stdlib.h>

#include "call.h"
#include "product.h"
#include "simd.h"
#include "spans.h"

struct attention {
  const float *q, *k, *v, *out, *log_sums, *dy;
  /* What each query sees, `[batch, queries, 3]`; null where it is all keys, or those up to its own. */
  const float *spans;
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

/* The keys that a block of queries sees. */
static struct ranges visible(const struct attention *a, const float *spans, int64_t begin, int64_t rows) {
  if (spans) return ranges_of(spans, rows, begin);
  if (!a->causal) return first_keys(a->keys);
  const int64_t seen = begin + rows + a->keys - a->queries;
  return first_keys(seen < 0 ? 0 : seen > a->keys ? a->keys : seen);
}

/* The spans of a row's queries from `begin` on, if there are spans. */
static const float *spans_at(const struct attention *a, int64_t row, int64_t begin) {
  return a->spans ? a->spans + SPAN * (row * a->queries + begin) : 0;
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

/* Minus infinity where hidden. Without spans only the last rows can hide anything. */
static void mask(const struct attention *a, float *scores, struct ranges seen, const float *spans, int64_t begin,
                 int64_t rows) {
  if (spans) mask_by_spans(scores, seen, spans, rows, begin);
  if (spans || !a->causal) return;
  const int64_t n = seen.keys;
  const int64_t first = begin + a->keys - a->queries + 1;
  for (int64_t j = first < 0 ? 0 : first; j < n; j++)
    for (int64_t i = 0; i < BLOCK && hidden(a, j, begin, i); i++) scores[j * BLOCK + i] = -INFINITY;
}

/* x's rows of both ranges, times the block that stands transposed: scores `[keys, BLOCK]`. */
static void scores_of(struct ranges seen, const float *x, int64_t d, const float *transposed, float *scores) {
  product(seen.count[0], BLOCK, d, x + seen.first[0] * d, d, 1, transposed, BLOCK, scores, BLOCK, 0);
  product(seen.count[1], BLOCK, d, x + seen.first[1] * d, d, 1, transposed, BLOCK, scores + seen.count[0] * BLOCK, BLOCK, 0);
}

/* Rows of x, weighed by scores and added up: y `[rows, d]`. */
static void weighted(struct ranges seen, const float *scores, const float *x, int64_t rows, int64_t d, float *y) {
  product(rows, d, seen.count[0], scores, 1, BLOCK, x + seen.first[0] * d, d, y, d, 0);
  if (seen.count[1] > 0)
    product(rows, d, seen.count[1], scores + seen.count[0] * BLOCK, 1, BLOCK, x + seen.first[1] * d, d, y, d, 1);
}

/* Adds each key's scores times the block's rows of x to the key's row of y. */
static void spread(struct ranges seen, const float *scores, const float *x, int64_t rows, int64_t d, float *y) {
  product(seen.count[0], d, rows, scores, BLOCK, 1, x, d, y + seen.first[0] * d, d, 1);
  product(seen.count[1], d, rows, scores + seen.count[0] * BLOCK, BLOCK, 1, x, d, y + seen.first[1] * d, d, 1);
}

static void attention_block(const struct attention *a, const float *q, const float *k, const float *v, const float *spans,
                            int64_t begin, int64_t rows, float *y, float *log_sums, float *scores, float *transposed) {
  const struct ranges seen = visible(a, spans, begin, rows);
  const int64_t n = seen.keys;
  if (n == 0) {
    memset(y, 0, (size_t)(rows * a->d) * 4);
    for (int64_t i = 0; i < rows; i++) log_sums[i] = 0;
    return;
  }
  transpose(q, rows, a->d, transposed);
  scores_of(seen, k, a->d, transposed, scores);
  mask(a, scores, seen, spans, begin, rows);
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
  weighted(seen, scores, v, rows, a->d, y);
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
  int64_t rows;
  /* Parts take turns, since later blocks see more. */
  for (int64_t begin = 0, turn = 0; begin < a->queries; begin += rows, turn++) {
    const float *spans = spans_at(a, b, begin);
    rows = block_rows(spans, begin, a->queries);
    if (turn % a->parts != part) continue;
    const int64_t at = head * a->queries + begin;
    attention_block(a, a->q + at * a->d, a->k + kv, a->v + kv, spans, begin, rows, a->y + at * a->d, a->y_log_sums + at,
                    scores, scores + a->keys * BLOCK);
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

/* Whether every span lies within the keys: checked, since what is read and written follows from it. */
static void take_spans(struct call *call, struct attention *a, int input) {
  a->spans = call->inputs[input];
  if (a->queries != a->keys || size_of(call, input) != SPAN * a->batch * a->queries) fail(call, "Attention: spans do not fit");
  else if (!spans_fit(a->spans, a->batch, a->queries)) fail(call, "Attention: a span reaches beyond its row");
}

static void attention_over(struct call *call, struct attention a) {
  a.y = output_like(call, 0, 0);
  a.y_log_sums = output(call, 1, call->shapes[0], 3);
  const int64_t heads = a.batch * a.heads;
  a.parts = parts_of(&a, heads);
  parallel(call, attention_task, (size_t)(heads * a.parts), &a);
  if (a.out_of_memory) fail(call, "Attention: out of memory");
}

/* Inputs: q, k, v `[batch, heads, seq, d]`, d a multiple of 16. Outputs: y like q, the logarithms of softmax's sums. */
static void attention(struct call *call) { attention_over(call, describe(call, 0)); }

/* The same with spans as the fourth input. */
static void span_attention(struct call *call) {
  struct attention a = describe(call, 0);
  take_spans(call, &a, 3);
  if (!call->status) attention_over(call, a);
}

/*
 * With P = softmax, dP = dO vᵀ and D = Σ dO ⊙ O over a row: dS = P ⊙ (dP − D), dq = scale · dS k, dk = scale · dSᵀ q
 * and dv = Pᵀ dO (FlashAttention, section B.4).
 */
static void attention_grad_block(const struct attention *a, int64_t at, int64_t kv, const float *spans, int64_t begin,
                                 int64_t rows, float *dk, float *dv, float *p, float *ds, float *transposed) {
  const struct ranges seen = visible(a, spans, begin, rows);
  const int64_t d = a->d, n = seen.keys;
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
  scores_of(seen, k, d, transposed, p);
  mask(a, p, seen, spans, begin, rows);
  transpose(dy, rows, d, transposed);
  scores_of(seen, v, d, transposed, ds);
  const vf scale = splat(a->scale);
  for (int64_t j = 0; j < n; j++)
    for (int c = 0; c < BLOCK_VECTORS; c++) {
      const int64_t place = j * BLOCK + c * LANES;
      const vf probability = exp_(load(p + place) * scale - log_sums[c]);
      store(p + place, probability);
      store(ds + place, probability * (load(ds + place) - row_sums[c]) * scale);
    }
  weighted(seen, ds, k, rows, d, a->dq + at * d);
  spread(seen, ds, q, rows, d, dk);
  spread(seen, p, dy, rows, d, dv);
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
  int64_t rows;
  for (int64_t member = 0; member < group; member++)
    for (int64_t begin = 0, turn = 0; begin < a->queries; begin += rows, turn++) {
      const float *spans = spans_at(a, b, begin);
      rows = block_rows(spans, begin, a->queries);
      if (turn % a->parts != part) continue;
      const int64_t at = (b * a->heads + head * group + member) * a->queries + begin;
      attention_grad_block(a, at, kv, spans, begin, rows, dk, dv, p, p + a->keys * BLOCK, p + 2 * a->keys * BLOCK);
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

static void attention_grad_over(struct call *call, struct attention a) {
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

/* Inputs: q, k, v, y and logarithms of sums of the forward pass, dy. Outputs: dq, dk, dv. */
static void attention_grad(struct call *call) { attention_grad_over(call, describe(call, 0)); }

/* The same with spans as the seventh input. */
static void span_attention_grad(struct call *call) {
  struct attention a = describe(call, 0);
  take_spans(call, &a, 6);
  if (!call->status) attention_grad_over(call, a);
}
