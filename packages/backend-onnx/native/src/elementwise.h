/* Operators that read and write every element once. Outputs may lie over inputs of the same place. */
#include "call.h"
#include "simd.h"

/* Elements that one task takes. */
#define CHUNK 16384

struct elementwise {
  const float *in[4];
  float *out[3];
  int64_t size;
  float scalars[9];
};

/*
 * A loop over a task's elements: the body sees `i`, and LOAD and STORE that read and write one vector there. The last,
 * incomplete vector goes through a buffer.
 */
#define EACH_VECTOR(e, task, inputs, outputs, BODY)                                               \
  const int64_t begin = (int64_t)(task) * CHUNK;                                                  \
  const int64_t end = begin + CHUNK < (e)->size ? begin + CHUNK : (e)->size;                      \
  for (int64_t i = begin; i < end; i += LANES) {                                                  \
    const int64_t left = end - i;                                                                 \
    vf x[inputs], y[outputs];                                                                     \
    if (left >= LANES) {                                                                          \
      for (int k = 0; k < inputs; k++) x[k] = load((e)->in[k] + i);                               \
      BODY;                                                                                       \
      for (int k = 0; k < outputs; k++) store((e)->out[k] + i, y[k]);                             \
    } else {                                                                                      \
      for (int k = 0; k < inputs; k++) {                                                          \
        x[k] = splat(0);                                                                          \
        __builtin_memcpy(&x[k], (e)->in[k] + i, (size_t)left * 4);                                \
      }                                                                                           \
      BODY;                                                                                       \
      for (int k = 0; k < outputs; k++) __builtin_memcpy((e)->out[k] + i, &y[k], (size_t)left * 4); \
    }                                                                                             \
  }

static void run_elementwise(struct call *call, struct elementwise *e, void (*body)(void *, size_t)) {
  e->size = size_of(call, 0);
  parallel(call, body, (size_t)((e->size + CHUNK - 1) / CHUNK), e);
}

/*
 * AdamW (Loshchilov and Hutter 2019, algorithm 2): g = gradient · gradScale, m ← β₁ m + (1 − β₁) g,
 * v ← β₂ v + (1 − β₂) g², param ← param − decay · param − stepSize · m / (√v · rootScale + eps).
 * Inputs: param, gradient, m, v, and the scalars decay, stepSize, rootScale, gradScale. 1 − β comes as an attribute of
 * its own, since float32 would round it.
 */
static void adam_w_task(void *data, size_t task) {
  const struct elementwise *e = data;
  const float *s = e->scalars;
  const vf beta1 = splat(s[0]), beta2 = splat(s[1]), eps = splat(s[2]);
  const vf rest1 = splat(s[3]), rest2 = splat(s[4]);
  const vf kept = splat(1 - s[5]), step_size = splat(s[6]), root_scale = splat(s[7]), grad_scale = splat(s[8]);
  EACH_VECTOR(e, task, 4, 3, {
    const vf g = x[1] * grad_scale;
    y[1] = x[2] * beta1 + g * rest1;
    y[2] = x[3] * beta2 + g * g * rest2;
    y[0] = x[0] * kept - step_size * y[1] / (__builtin_elementwise_sqrt(y[2]) * root_scale + eps);
  })
}

static void adam_w(struct call *call) {
  struct elementwise e;
  for (int i = 0; i < 4; i++) e.in[i] = call->inputs[i];
  for (int i = 0; i < 3; i++) e.out[i] = output_like(call, i, 0);
  for (int i = 0; i < 5; i++) e.scalars[i] = call->attributes[i];
  for (int i = 0; i < 4; i++) e.scalars[5 + i] = call->inputs[4 + i][0];
  run_elementwise(call, &e, adam_w_task);
}

/* silu(gate) · up (Shazeer 2020, equation 6). Inputs: gate, up. */
static void swiglu_task(void *data, size_t task) {
  const struct elementwise *e = data;
  EACH_VECTOR(e, task, 2, 1, { y[0] = x[0] * sigmoid_(x[0]) * x[1]; })
}

static void swiglu(struct call *call) {
  struct elementwise e = {.in = {call->inputs[0], call->inputs[1]}, .out = {output_like(call, 0, 0)}};
  run_elementwise(call, &e, swiglu_task);
}

/* With s = σ(gate) and a = gate · s: dgate = dy · up · (s + a (1 − s)), dup = dy · a. Inputs: dy, gate, up. */
static void swiglu_grad_task(void *data, size_t task) {
  const struct elementwise *e = data;
  EACH_VECTOR(e, task, 3, 2, {
    const vf s = sigmoid_(x[1]);
    const vf a = x[1] * s;
    y[0] = x[0] * x[2] * (s + a * (1.0f - s));
    y[1] = x[0] * a;
  })
}

static void swiglu_grad(struct call *call) {
  struct elementwise e = {.in = {call->inputs[0], call->inputs[1], call->inputs[2]},
                          .out = {output_like(call, 0, 0), output_like(call, 1, 0)}};
  run_elementwise(call, &e, swiglu_grad_task);
}
