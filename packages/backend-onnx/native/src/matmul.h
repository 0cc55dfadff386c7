/* A matrix product as an operator, by `multiply_region` of `vector-product.h` or `tile-product.h`: whichever was included. */
#if defined(_WIN32)
#include <windows.h>
#else
#include <unistd.h>
#endif

#include "call.h"
#include "scratch.h"

struct matmul {
  struct region whole;
  /* How many regions lie below and beside each other, and their size. */
  int64_t down, across, rows, columns;
  int out_of_memory;
};

static void region_task(void *data, size_t task) {
  struct matmul *t = data;
  const int64_t row = (int64_t)task / t->across * t->rows, column = (int64_t)task % t->across * t->columns;
  struct region r = t->whole;
  r.a.x += row * r.a.across;
  r.b.x += column * r.b.across;
  r.c += row * r.stride + column;
  r.rows = least(t->rows, r.rows - row);
  r.columns = least(t->columns, r.columns - column);
  /* Always of the same sizes, so that few buffers serve all products; what is not touched takes no memory. */
  struct buffer rows = take_buffer(ROWS_BYTES), columns = take_buffer(COLUMNS_BYTES);
  if (rows.memory && columns.memory) multiply_region(&r, rows.memory, columns.memory);
  else t->out_of_memory = 1;
  give_back(rows);
  give_back(columns);
}

static int64_t count_processors(void) {
#if defined(_WIN32)
  return GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
#else
  return sysconf(_SC_NPROCESSORS_ONLN);
#endif
}

/*
 * Cuts the product into regions, one for each processor or two of a large one, so that the slowest is done soonest. How it is
 * cut changes no result: every element is the same sum in the same order.
 */
static void share_out(struct matmul *t) {
  const int64_t m = t->whole.rows, n = t->whole.columns;
  const int64_t processors = count_processors(), tasks = processors * (m * n > (1 << 21) ? 2 : 1);
  int64_t best = INT64_MAX;
  for (int64_t down = 1; down <= tasks; down++) {
    const int64_t rows = ceil_div(ceil_div(m, down), ROW_STEP) * ROW_STEP;
    const int64_t columns = ceil_div(ceil_div(n, ceil_div(tasks, down)), COLUMN_STEP) * COLUMN_STEP;
    const int64_t count = ceil_div(m, rows) * ceil_div(n, columns);
    const int64_t one = rows * columns + PACKING * (rows * ceil_div(columns, PASS_COLUMNS) + columns);
    const int64_t cost = ceil_div(count, processors) * one;
    if (cost >= best) continue;
    best = cost;
    t->rows = rows;
    t->columns = columns;
    t->down = ceil_div(m, rows);
    t->across = ceil_div(n, columns);
  }
}

/* Inputs: a `[..., m, k]`, or `[k, m]` with transA, and b `[k, n]`, or `[n, k]` with transB. Output `[..., m, n]`. */
static void matmul(struct call *call) {
  const int trans_a = call->attributes[0] != 0, trans_b = call->attributes[1] != 0;
  const size_t rank = call->ranks[0];
  const int64_t *as = call->shapes[0], *bs = call->shapes[1];
  const int64_t k = trans_a ? as[0] : as[rank - 1], m = size_of(call, 0) / k, n = bs[trans_b ? 0 : 1];
  int64_t shape[MAX_RANK];
  for (size_t i = 0; i + 1 < rank; i++) shape[i] = trans_a ? m : as[i];
  shape[rank - 1] = n;
  struct matmul t = {.whole = {.rows = m, .columns = n, .k = k, .stride = n, .c = output(call, 0, shape, rank)}};
  t.whole.a = (struct operand){call->inputs[0], trans_a ? 1 : k, trans_a ? m : 1};
  t.whole.b = (struct operand){call->inputs[1], trans_b ? k : 1, trans_b ? 1 : n};
  share_out(&t);
  parallel(call, region_task, (size_t)(t.down * t.across), &t);
  if (t.out_of_memory) fail(call, "MatMul: out of memory");
}
