/* Attention of new tokens over a key-value cache: decoding, where all that takes time is to read the cache once. */
#include <stdlib.h>

#include "attention.h"

/* From so many new tokens of a row on, blocks of queries pay. */
#define MANY_TOKENS 8
/* Keys that are multiplied at once, and vectors of a value that are added up at once. */
#define KEYS_AT_ONCE 4
#define VALUE_VECTORS 8

struct cached_attention {
  const float *q, *k, *v, *lengths;
  float *y, *keys, *values;
  int64_t batch, heads, kv_heads, seq, capacity, d;
  float scale;
  int out_of_memory;
};

/* The sum of all lanes, by halves. */
ALWAYS_INLINE float add_lanes(vf x) {
  float part[LANES];
  store(part, x);
#pragma clang loop unroll(full)
  for (int width = LANES / 2; width > 0; width /= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i < width; i++) part[i] += part[i + width];
  return part[0];
}

/* One query over the first n entries; `scores` has place for them and a vector more. */
static void attend(const float *q, const float *keys, const float *values, int64_t n, int64_t d, float scale, float *y, float *scores) {
  float top = -INFINITY;
  for (int64_t j = 0; j < n; j += KEYS_AT_ONCE) {
    vf sums[KEYS_AT_ONCE] = {};
    const float *rows[KEYS_AT_ONCE];
    /* Beyond the last the last again, whose scores nobody reads. */
    for (int i = 0; i < KEYS_AT_ONCE; i++) rows[i] = keys + (j + i < n ? j + i : n - 1) * d;
    for (int64_t c = 0; c < d; c += LANES) {
      const vf x = load(q + c);
      for (int i = 0; i < KEYS_AT_ONCE; i++) sums[i] = fma_(x, load(rows[i] + c), sums[i]);
    }
    for (int i = 0; i < KEYS_AT_ONCE; i++) {
      scores[j + i] = add_lanes(sums[i]) * scale;
      top = scores[j + i] > top ? scores[j + i] : top;
    }
  }
  for (int64_t j = n; j < n + LANES; j++) scores[j] = -INFINITY;
  vf total = splat(0);
  for (int64_t j = 0; j < n; j += LANES) {
    const vf p = exp_(load(scores + j) - splat(top));
    store(scores + j, p);
    total += p;
  }
  const float factor = 1 / add_lanes(total);
  for (int64_t c = 0; c < d; c += VALUE_VECTORS * LANES) {
    const int64_t left = (d - c) / LANES, vectors = left < VALUE_VECTORS ? left : VALUE_VECTORS;
    vf sums[VALUE_VECTORS] = {};
    for (int64_t j = 0; j < n; j++) {
      const vf p = splat(scores[j]);
      const float *value = values + j * d + c;
      for (int64_t i = 0; i < vectors; i++) sums[i] = fma_(p, load(value + i * LANES), sums[i]);
    }
    for (int64_t i = 0; i < vectors; i++) store(y + c + i * LANES, sums[i] * factor);
  }
}

/* One row's new entries of one key and value head, and the queries that read them. */
static void cached_attention_task(void *data, size_t task) {
  struct cached_attention *a = data;
  const int64_t b = (int64_t)task / a->kv_heads, kv_head = (int64_t)task % a->kv_heads, group = a->heads / a->kv_heads;
  const int64_t d = a->d;
  /* A length that no cache can have must not reach beyond it. */
  const float given = a->lengths[b];
  const int64_t length = given > (float)a->capacity ? a->capacity : given > 0 ? (int64_t)given : 0;
  const int64_t room = a->capacity - length, fits = a->seq < room ? a->seq : room;
  float *keys = a->keys + (int64_t)task * a->capacity * d, *values = a->values + (int64_t)task * a->capacity * d;
  if (fits > 0) {
    memcpy(keys + length * d, a->k + (int64_t)task * a->seq * d, (size_t)(fits * d) * 4);
    memcpy(values + length * d, a->v + (int64_t)task * a->seq * d, (size_t)(fits * d) * 4);
  }
  const int blocks = a->seq >= MANY_TOKENS && fits == a->seq;
  const int64_t seen = length + fits;
  float *scores = malloc((size_t)(blocks ? (seen + d + 1) * BLOCK : seen + KEYS_AT_ONCE + LANES) * 4);
  if (!scores) {
    a->out_of_memory = 1;
    return;
  }
  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++) {
    const int64_t at = (b * a->heads + head) * a->seq * d;
    if (blocks) {
      const struct attention rows = {.queries = a->seq, .keys = seen, .d = d, .scale = a->scale, .causal = 1};
      for (int64_t begin = 0; begin < a->seq; begin += BLOCK) {
        const int64_t count = a->seq - begin < BLOCK ? a->seq - begin : BLOCK;
        attention_block(&rows, a->q + at + begin * d, keys, values, 0, begin, count, a->y + at + begin * d,
                        scores + (seen + d) * BLOCK, scores, scores + seen * BLOCK);
      }
    } else
      for (int64_t i = 0; i < a->seq; i++) {
        const int64_t n = length + i + 1 < seen ? length + i + 1 : seen;
        attend(a->q + at + i * d, keys, values, n, d, a->scale, a->y + at + i * d, scores);
      }
  }
  free(scores);
}

/*
 * Inputs: q `[batch, heads, seq, d]`, k and v `[batch, kvHeads, seq, d]`, the caches of keys and values
 * `[batch, kvHeads, capacity, d]`, d a multiple of 16, and how many entries of each row are valid, `[batch]`. Outputs: y
 * like q, and the caches, which may lie over those that came in.
 */
static void cached_attention(struct call *call) {
  const int64_t *qs = call->shapes[0], *cs = call->shapes[3];
  struct cached_attention a = {.q = call->inputs[0], .k = call->inputs[1], .v = call->inputs[2], .lengths = call->inputs[5]};
  a.batch = qs[0];
  a.heads = qs[1];
  a.seq = qs[2];
  a.d = qs[3];
  a.kv_heads = cs[1];
  a.capacity = cs[2];
  a.scale = call->attributes[0];
  a.y = output_like(call, 0, 0);
  a.keys = output_like(call, 1, 3);
  a.values = output_like(call, 2, 4);
  if (call->status) return;
  const size_t bytes = (size_t)size_of(call, 3) * 4;
  if (a.keys != call->inputs[3]) memcpy(a.keys, call->inputs[3], bytes);
  if (a.values != call->inputs[4]) memcpy(a.values, call->inputs[4], bytes);
  parallel(call, cached_attention_task, (size_t)(a.batch * a.kv_heads), &a);
  if (a.out_of_memory) fail(call, "CachedAttention: out of memory");
}
