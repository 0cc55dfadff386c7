import { add, concat, mul, reshape, slice, sub, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';

/**
 * Rotary position embedding (Su et al. 2021, "RoFormer", equation 34): turns the pair (x[i], x[i + headDim / 2]) of
 * every head by its angle. This is Llama's rotate-half layout, not the interleaved one of the paper.
 *
 * @param x `[batch, heads, seq, headDim]`
 * @param cos `[batch | 1, seq, headDim / 2]`, cosines of the angles
 * @param sin the sines
 * @returns `[batch, heads, seq, headDim]`
 */
export function rotary(x: Tensor4D, cos: Tensor, sin: Tensor): Tensor4D {
  const [batch, heads, seq, headDim] = x.shape;
  const half = headDim / 2;
  // Every head turns alike: an axis of 1 in the place of the heads.
  const perHead = (t: Tensor) => reshape(t, [t.shape[0]!, 1, seq, half]);
  const [c, s] = [perHead(cos), perHead(sin)];
  const x1 = slice(x, [0, 0, 0, 0], [batch, heads, seq, half]);
  const x2 = slice(x, [0, 0, 0, half], [batch, heads, seq, half]);
  return concat([sub(mul(x1, c), mul(x2, s)), add(mul(x2, c), mul(x1, s))], 3) as Tensor4D;
}
