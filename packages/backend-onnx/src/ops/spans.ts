import {
  expandDims,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
  range,
  slice,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { hasKernel } from './fused.ts';
import { takesHeads } from './native-heads.ts';

/** Whether attention skips what spans hide, on the present backend; elsewhere it computes and masks all scores. */
export function readsSpans(headDim: number): boolean {
  return hasKernel('SpanAttention') && takesHeads(headDim);
}

/**
 * What spans stand for. A span is three numbers, `from`, `to` and `start`: the query at place i of its row sees the keys
 * from `from` to before `to`, which is a prefix that others may see as well, and those from `start` up to i;
 * 0 <= from <= to <= start <= i. A prefix without keys has from = to.
 *
 * @param spans int32 `[batch, seq, 3]`
 * @returns bool `[batch, 1, seq, seq]`, true where a query sees a key
 */
export function spanMask(spans: Tensor3D): Tensor4D {
  const [batch, seq] = spans.shape;
  const keys = range(0, seq, 1, 'int32');
  const number = (i: number): Tensor => slice(spans, [0, 0, i], [batch, seq, 1]);
  const prefix = logicalAnd(greaterEqual(keys, number(0)), less(keys, number(1)));
  const own = logicalAnd(greaterEqual(keys, number(2)), lessEqual(keys, expandDims(keys, 1)));
  return expandDims(logicalOr(prefix, own), 1) as Tensor4D;
}
