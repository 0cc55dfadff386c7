import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Totals } from './batches.ts';

/**
 * Sum over each sequence's own tokens.
 *
 * @param values `[batch, seq]`
 * @param mask `[batch, seq]`, 1 where a token counts
 * @returns `[batch]`
 */
export function sequenceSums(values: Tensor2D, mask: Tensor2D): Tensor1D {
  return tf.sum(tf.mul(values, mask), 1);
}

/**
 * Mean over each sequence's own tokens; 0 for a sequence that has none.
 *
 * @param values `[batch, seq]`
 * @param mask `[batch, seq]`, 1 where a token counts
 * @returns `[batch]`
 */
export function sequenceMeans(values: Tensor2D, mask: Tensor2D): Tensor1D {
  return tf.div(sequenceSums(values, mask), tf.maximum(tf.sum(mask, 1), 1));
}

/** This micro-batch's share of the mean over all tokens of the optimizer step. `values` and `mask`: `[batch, seq]`. */
export function tokenMean(values: Tensor2D, mask: Tensor2D, totals: Totals): Scalar {
  return tf.div(tf.sum(tf.mul(values, mask)), totals.tokens);
}

/** This micro-batch's share of the mean over all examples of the optimizer step. `values`: `[batch]`. */
export function exampleMean(values: Tensor1D, totals: Totals): Scalar {
  return tf.div(tf.sum(values), totals.examples);
}
