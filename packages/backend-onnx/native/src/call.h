/* One call of an operator: its inputs, outputs, attributes, and a loop over ONNX Runtime's threads. */
#ifndef ATTUNE_CALL_H
#define ATTUNE_CALL_H

#include "ort.h"

#define MAX_INPUTS 8
#define MAX_RANK 6
#define MAX_ATTRIBUTES 5

struct call {
  OrtApi *api;
  void *context;
  const float *inputs[MAX_INPUTS];
  int64_t shapes[MAX_INPUTS][MAX_RANK];
  size_t ranks[MAX_INPUTS];
  /* In the order in which the operator declares them. */
  float attributes[MAX_ATTRIBUTES];
  /* The first thing that went wrong. */
  OrtStatusPtr status;
};

/* Elements of an input. */
static inline int64_t size_of(const struct call *call, int input) {
  int64_t size = 1;
  for (size_t i = 0; i < call->ranks[input]; i++) size *= call->shapes[input][i];
  return size;
}

/* Memory of an output. */
static inline float *output(struct call *call, int index, const int64_t *shape, size_t rank) {
  void *value, *data = 0;
  if (!call->status)
    call->status = ort_KernelContext_GetOutput(call->api)(call->context, (size_t)index, shape, rank, &value);
  if (!call->status) call->status = ort_GetTensorMutableData(call->api)(value, &data);
  return data;
}

static inline float *output_like(struct call *call, int index, int input) {
  return output(call, index, call->shapes[input], call->ranks[input]);
}

/* body(data, i) for every i below total, on all threads; each call should be worth some microseconds. */
static inline void parallel(struct call *call, void (*body)(void *, size_t), size_t total, void *data) {
  if (call->status) return;
  if (total == 1) body(data, 0);
  else call->status = ort_KernelContext_ParallelFor(call->api)(call->context, body, total, total, data);
}

static inline void fail(struct call *call, const char *message) {
  if (!call->status) call->status = ort_CreateStatus(call->api)(1, message);
}

/* The kernels, compiled once for every instruction set that may be met. */
struct kernels {
  void (*adam_w)(struct call *);
  void (*swiglu)(struct call *);
  void (*swiglu_grad)(struct call *);
  void (*rms_norm_grad)(struct call *);
  void (*attention)(struct call *);
  void (*attention_grad)(struct call *);
  void (*span_attention)(struct call *);
  void (*span_attention_grad)(struct call *);
  void (*cached_attention)(struct call *);
  void (*cross_entropy)(struct call *);
  void (*cross_entropy_grad)(struct call *);
  /* Null where ONNX Runtime's is as good. */
  void (*matmul)(struct call *);
};

#endif
