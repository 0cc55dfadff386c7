import {
  div,
  expandDims,
  maximum,
  mul,
  pad,
  slice,
  sub,
  sum,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';

/** How one vector is made of a text's hidden states: their mean, or the last one, which alone has read all of it. */
export const POOLINGS = ['mean', 'last'] as const;
export type Pooling = (typeof POOLINGS)[number];

/**
 * One vector for each row. A row without tokens gives zeros.
 *
 * @param hidden `[batch, seq, d]`
 * @param mask 1 where a token counts, without gaps, else 0; float32 `[batch, seq]`
 * @returns `[batch, d]`, of any length
 */
export function pool(hidden: Tensor3D, mask: Tensor2D, pooling: Pooling): Tensor2D {
  return tidy(() => {
    const kept = pooling === 'last' ? lastOf(mask) : mask;
    const total: Tensor2D = sum(mul(hidden, expandDims(kept, 2)), 1);
    return div(total, maximum(sum(kept, 1, true), 1));
  });
}

/** 1 at the last place of each row where the mask is 1. */
function lastOf(mask: Tensor2D): Tensor2D {
  const [batch, seq] = mask.shape;
  const next = pad(slice(mask, [0, 1], [batch, seq - 1]), [
    [0, 0],
    [0, 1],
  ]);
  return maximum(sub(mask, next), 0);
}
