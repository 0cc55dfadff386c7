/* The operator MatMul: products of float32 on AMX. */
#include <unistd.h>

#include "call.h"
#include "scratch.h"
#include "tile-product.h"

static void pack_task(void *data, size_t task) {
  const struct tile_product *t = data;
  const int64_t strips = ceil_div(t->columns, STRIP), begin = (int64_t)task * 4;
  pack_columns(t, begin, begin + 4 < strips ? begin + 4 : strips);
}

static void multiply_task(void *data, size_t task) {
  struct tile_product *t = data;
  const int64_t begin = (int64_t)task / t->pieces * t->rows, piece = (int64_t)task % t->pieces;
  const int64_t strips = ceil_div(t->columns, STRIP);
  const int64_t end = begin + t->rows < t->m ? begin + t->rows : t->m;
  struct buffer rows = take_buffer(packed_size(PASS_ROWS, PASS_DEPTH));
  if (rows.memory)
    multiply_rows(t, begin, end, strips * piece / t->pieces, strips * (piece + 1) / t->pieces, rows.memory);
  else t->out_of_memory = 1;
  give_back(rows);
}

/* Rows of a task, so that there are enough for all processors; how rows are shared out changes no result. */
static void share_out(struct tile_product *t) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  t->rows = PASS_ROWS;
  while (t->rows > 64 && ceil_div(t->m, t->rows) < processors) t->rows /= 2;
  const int64_t most = ceil_div(t->n < PASS_COLUMNS ? t->n : PASS_COLUMNS, 256);
  t->pieces = 1;
  while (t->pieces < most && ceil_div(t->m, t->rows) * t->pieces < processors) t->pieces++;
}

/* Inputs: a `[..., m, k]`, or `[k, m]` with transA, and b `[k, n]`, or `[n, k]` with transB. Output `[..., m, n]`. */
static void matmul(struct call *call) {
  const int trans_a = call->attributes[0] != 0, trans_b = call->attributes[1] != 0;
  const size_t rank = call->ranks[0];
  const int64_t *as = call->shapes[0], *bs = call->shapes[1];
  struct tile_product t = {.k = trans_a ? as[0] : as[rank - 1], .n = bs[trans_b ? 0 : 1]};
  t.m = t.k ? size_of(call, 0) / t.k : 0;
  t.a = (struct operand){call->inputs[0], trans_a ? 1 : t.k, trans_a ? t.m : 1};
  t.b = (struct operand){call->inputs[1], trans_b ? t.k : 1, trans_b ? 1 : t.n};
  int64_t shape[MAX_RANK];
  for (size_t i = 0; i + 1 < rank; i++) shape[i] = trans_a ? t.m : as[i];
  shape[rank - 1] = t.n;
  t.c = output(call, 0, shape, rank);
  if (call->status) return;
  share_out(&t);
  const int64_t passes = ceil_div(t.k, PASS_DEPTH), depth = ceil_div(ceil_div(t.k, passes), DEPTH) * DEPTH;
  const int64_t widest = t.n < PASS_COLUMNS ? t.n : PASS_COLUMNS;
  struct buffer packed = take_buffer(packed_size(widest, depth));
  t.packed = packed.memory;
  if (!t.packed) t.out_of_memory = 1;
  for (t.column = 0; t.column < t.n && !t.out_of_memory; t.column += PASS_COLUMNS) {
    t.columns = t.n - t.column < PASS_COLUMNS ? t.n - t.column : PASS_COLUMNS;
    for (t.k_begin = 0; t.k_begin < t.k; t.k_begin += depth) {
      t.depth = t.k - t.k_begin < depth ? t.k - t.k_begin : depth;
      parallel(call, pack_task, (size_t)ceil_div(ceil_div(t.columns, STRIP), 4), &t);
      parallel(call, multiply_task, (size_t)(ceil_div(t.m, t.rows) * t.pieces), &t);
    }
  }
  give_back(packed);
  if (t.out_of_memory) fail(call, "MatMul: out of memory");
}
