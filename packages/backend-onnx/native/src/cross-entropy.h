/*
 * Cross-entropy and its gradient, a row of logits at a time: two passes over a row that lies in the cache, where plain
 * operators take six over all logits.
 */
#include <math.h>

#include "call.h"
#include "simd.h"

/* Logits that one task takes, about. */
#define LOGITS_OF_TASK 32768
/* The label of tokens that are ignored: no index of a vocabulary, and exact as float32. */
#define IGNORED -2147483648.0f

struct cross_entropy {
  const float *logits, *labels, *log_sums, *dy;
  float *loss, *sums, *out;
  int64_t tokens, vocab, rows_of_task;
  float smoothing;
  int bad_label;
};

/* The vector at i, where the row ends with `rest` instead. */
ALWAYS_INLINE vf load_or(const float *row, int64_t i, int64_t size, float rest) {
  if (i + LANES <= size) return load(row + i);
  vf x = splat(rest);
  __builtin_memcpy(&x, row + i, (size_t)(size - i) * 4);
  return x;
}

/* log Σ exp(x). */
static float log_sum_exp(const float *row, int64_t size) {
  vf top = splat(-INFINITY), total = splat(0);
  for (int64_t i = 0; i < size; i += LANES) top = max_(top, load_or(row, i, size, -INFINITY));
  float highest = top[0];
  for (int i = 1; i < LANES; i++) highest = top[i] > highest ? top[i] : highest;
  /* Minus infinity everywhere gives NaN, as softmax does. */
  for (int64_t i = 0; i < size; i += LANES) total += exp_(load_or(row, i, size, -INFINITY) - splat(highest));
  return highest + logf(sum_lanes(total));
}

static float mean_of(const float *row, int64_t size) {
  vf total = splat(0);
  for (int64_t i = 0; i < size; i += LANES) total += load_or(row, i, size, 0);
  return sum_lanes(total) / (float)size;
}

/* Whether a token has no loss. Labels that are no index of the vocabulary are noted, and read nothing. */
static int is_ignored(struct cross_entropy *e, int64_t token) {
  const float label = e->labels[token];
  const int known = label >= 0 && label < (float)e->vocab;
  if (!known && label != IGNORED) e->bad_label = 1;
  return !known;
}

static void cross_entropy_task(void *data, size_t task) {
  struct cross_entropy *e = data;
  const int64_t begin = (int64_t)task * e->rows_of_task;
  const int64_t end = begin + e->rows_of_task < e->tokens ? begin + e->rows_of_task : e->tokens;
  for (int64_t r = begin; r < end; r++) {
    const float *row = e->logits + r * e->vocab;
    const int64_t label = (int64_t)e->labels[r];
    e->loss[r] = e->sums[r] = 0;
    if (is_ignored(e, r)) continue;
    const float sum = log_sum_exp(row, e->vocab);
    e->sums[r] = sum;
    e->loss[r] = sum - (1 - e->smoothing) * row[label];
    if (e->smoothing > 0) e->loss[r] -= e->smoothing * mean_of(row, e->vocab);
  }
}

static void share_rows(struct cross_entropy *e) {
  e->rows_of_task = e->vocab < LOGITS_OF_TASK ? LOGITS_OF_TASK / e->vocab : 1;
}

/* Inputs: logits `[tokens, vocab]`, labels `[tokens]`, IGNORED where ignored. Outputs `[tokens]`: loss, log Σ exp. */
static void cross_entropy(struct call *call) {
  struct cross_entropy e = {.logits = call->inputs[0], .labels = call->inputs[1], .smoothing = call->attributes[0]};
  e.tokens = call->shapes[0][0];
  e.vocab = call->shapes[0][1];
  e.loss = output(call, 0, call->shapes[0], 1);
  e.sums = output(call, 1, call->shapes[0], 1);
  share_rows(&e);
  parallel(call, cross_entropy_task, (size_t)((e.tokens + e.rows_of_task - 1) / e.rows_of_task), &e);
  if (e.bad_label) fail(call, "CrossEntropy: a label is neither ignored nor an index of the vocabulary");
}

/* dlogits = dy (softmax − target). */
static void cross_entropy_grad_task(void *data, size_t task) {
  struct cross_entropy *e = data;
  const int64_t begin = (int64_t)task * e->rows_of_task;
  const int64_t end = begin + e->rows_of_task < e->tokens ? begin + e->rows_of_task : e->tokens;
  for (int64_t r = begin; r < end; r++) {
    const float *row = e->logits + r * e->vocab;
    float *out = e->out + r * e->vocab;
    const int64_t label = (int64_t)e->labels[r];
    if (is_ignored(e, r)) {
      __builtin_memset(out, 0, (size_t)e->vocab * 4);
      continue;
    }
    const vf dy = splat(e->dy[r]), sum = splat(e->log_sums[r]), spread = splat(e->smoothing / (float)e->vocab);
    for (int64_t i = 0; i < e->vocab; i += LANES) {
      const vf gradient = (exp_(load_or(row, i, e->vocab, 0) - sum) - spread) * dy;
      if (i + LANES <= e->vocab) store(out + i, gradient);
      else __builtin_memcpy(out + i, &gradient, (size_t)(e->vocab - i) * 4);
    }
    out[label] -= (1 - e->smoothing) * e->dy[r];
  }
}

/* Inputs: logits, labels, log Σ exp of the forward pass, dy `[tokens]`. Output like logits. */
static void cross_entropy_grad(struct call *call) {
  struct cross_entropy e = {.logits = call->inputs[0], .labels = call->inputs[1], .smoothing = call->attributes[0]};
  e.log_sums = call->inputs[2];
  e.dy = call->inputs[3];
  e.tokens = call->shapes[0][0];
  e.vocab = call->shapes[0][1];
  e.out = output_like(call, 0, 0);
  share_rows(&e);
  parallel(call, cross_entropy_grad_task, (size_t)((e.tokens + e.rows_of_task - 1) / e.rows_of_task), &e);
  if (e.bad_label) fail(call, "CrossEntropy: a label is neither ignored nor an index of the vocabulary");
}
