import {
  add,
  cast,
  equal,
  expandDims,
  greaterEqual,
  logicalAnd,
  range,
  reshape,
  scalar,
  slice,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';

/**
 * Which tokens of a packed row belong together: bool `[batch, 1, seq, seq]`, true where two tokens carry the same
 * segment id. Padding (id 0) is a segment like the others, so that no query is left without a key.
 *
 * @param segmentIds int32 `[batch, seq]`
 */
export function segmentMask(segmentIds: Tensor2D): Tensor4D {
  return expandDims(equal(expandDims(segmentIds, 2), expandDims(segmentIds, 1)), 1) as Tensor4D;
}

/**
 * Positions that begin at 0 in every segment: int32 `[batch, seq]`. A token's position is the number of tokens of
 * its segment that precede it.
 *
 * @param mask what `segmentMask` returned
 */
export function segmentPositions(mask: Tensor4D): Tensor2D {
  const seq = mask.shape[3];
  const tokens = range(0, seq, 1, 'int32');
  const notAfter: Tensor = greaterEqual(expandDims(tokens, 1), tokens);
  const counted = sum(cast(logicalAnd(mask, notAfter), 'int32'), 3);
  return reshape(sub(counted, scalar(1, 'int32')), [mask.shape[0], seq]);
}

/**
 * Positions of tokens that see spans of their row: those of its own span go on where the prefix ends. int32
 * `[batch, seq]`.
 *
 * @param spans int32 `[batch, seq, 3]`, see `spanMask` of `@attune/backend-onnx/ops`
 */
export function spanPositions(spans: Tensor3D): Tensor2D {
  const [batch, seq] = spans.shape;
  const number = (i: number) => reshape(slice(spans, [0, 0, i], [batch, seq, 1]), [batch, seq]);
  const prefix = sub(number(1), number(0));
  return add(prefix, sub(range(0, seq, 1, 'int32'), number(2)));
}
