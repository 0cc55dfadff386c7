/*
 * Which keys a query of a packed row sees, as three numbers: those of a prefix from `from` to before `to`, and then those
 * from `start` up to its own. Several answers to one prompt share its keys this way, and sequences in one row do not see
 * each other.
 */
#ifndef ATTUNE_SPANS_H
#define ATTUNE_SPANS_H

#include "region.h"
#include "simd.h"

/* Queries of a block. */
#define BLOCK 64
#define BLOCK_VECTORS (BLOCK / LANES)
/* Numbers of a span. */
#define SPAN 3
/* A block is cut short where a sequence ends, if it has so many queries by then. */
#define CUT 24
/* Ranges with a gap of fewer keys between them are read as one. */
#define GAP 16

/* One or two ranges of keys, the earlier first. */
struct ranges {
  int64_t first[2], count[2], keys;
};

static struct ranges first_keys(int64_t n) {
  return (struct ranges){.count = {n, 0}, .keys = n};
}

/* Whether 0 <= from <= to <= start <= place of each query. */
static int spans_fit(const float *spans, int64_t batch, int64_t queries) {
  for (int64_t b = 0; b < batch; b++)
    for (int64_t i = 0; i < queries; i++, spans += SPAN)
      if (!(spans[0] >= 0 && spans[0] <= spans[1] && spans[1] <= spans[2] && spans[2] <= (float)i)) return 0;
  return 1;
}

/* Queries of the block from `begin` on: at best those of one sequence, which see the same. */
static int64_t block_rows(const float *spans, int64_t begin, int64_t queries) {
  const int64_t most = least(BLOCK, queries - begin);
  if (!spans || most == queries - begin) return most;
  for (int64_t i = most; i >= CUT; i--)
    if (spans[i * SPAN + 2] != spans[(i - 1) * SPAN + 2]) return i;
  return most;
}

/* All that the queries of a block see. The last of them is the last key. */
static struct ranges ranges_of(const float *spans, int64_t rows, int64_t begin) {
  int64_t from = INT64_MAX, to = 0, start = INT64_MAX;
  for (int64_t i = 0; i < rows; i++, spans += SPAN) {
    start = least(start, (int64_t)spans[2]);
    if (spans[0] == spans[1]) continue;
    from = least(from, (int64_t)spans[0]);
    to = greatest(to, (int64_t)spans[1]);
  }
  const int64_t end = begin + rows;
  if (to + GAP < start && from < to) {
    return (struct ranges){.first = {from, start}, .count = {to - from, end - start}, .keys = to - from + end - start};
  }
  const int64_t first = least(from, start);
  return (struct ranges){.first = {first, 0}, .count = {end - first, 0}, .keys = end - first};
}

/* Sets scores `[keys, BLOCK]` to minus infinity where a query does not see a key, and for the missing queries. */
static void mask_by_spans(float *scores, struct ranges seen, const float *spans, int64_t rows, int64_t begin) {
  vf from[BLOCK_VECTORS], to[BLOCK_VECTORS], start[BLOCK_VECTORS], self[BLOCK_VECTORS];
  /* What every query sees needs no mask. */
  float all_from = 0, all_to = INFINITY, all_start = 0;
  for (int64_t i = 0; i < BLOCK; i++) {
    const float *span = spans + SPAN * i;
    const int c = (int)(i / LANES), lane = (int)(i % LANES), present = i < rows;
    from[c][lane] = present ? span[0] : 0;
    to[c][lane] = present ? span[1] : 0;
    start[c][lane] = present ? span[2] : INFINITY;
    self[c][lane] = (float)(begin + i);
    if (!present) continue;
    all_from = span[0] > all_from ? span[0] : all_from;
    all_to = span[1] < all_to ? span[1] : all_to;
    all_start = span[2] > all_start ? span[2] : all_start;
  }
  for (int64_t j = 0; j < seen.keys; j++) {
    const int64_t key = j < seen.count[0] ? seen.first[0] + j : seen.first[1] + j - seen.count[0];
    const float place = (float)key;
    if ((place >= all_from && place < all_to) || (place >= all_start && key <= begin)) continue;
    const vf here = splat(place);
    for (int c = 0; c < BLOCK_VECTORS; c++) {
      const vi sees = ((here >= from[c]) & (here < to[c])) | ((here >= start[c]) & (here <= self[c]));
      float *at = scores + j * BLOCK + c * LANES;
      store(at, select_(sees, load(at), splat(-INFINITY)));
    }
  }
}

#endif
