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

/**
 * How a loss per token becomes one number.
 * - `token-mean`: every token of the step weighs the same (DAPO, arXiv 2503.14476 eq. 8).
 * - `sequence-mean`: the mean of each sequence's mean (GRPO, arXiv 2402.03300 eq. 3); short answers weigh more a token.
 * - `sequence-sum`: the mean of each sequence's sum, divided by a constant (Dr. GRPO, arXiv 2503.20783); no length bias.
 */
export type Aggregation = 'token-mean' | 'sequence-mean' | 'sequence-sum';

/**
 * Aggregates a loss per token over the optimizer step, in shares that add up over micro-batches.
 *
 * @param values `[batch, seq]`
 * @param mask `[batch, seq]`, 1 where a token counts
 * @param constant divisor of `sequence-sum`, in tokens
 */
export function aggregate(
  values: Tensor2D,
  mask: Tensor2D,
  totals: Totals,
  mode: Aggregation,
  constant: number,
): Scalar {
  switch (mode) {
    case 'token-mean':
      return tokenMean(values, mask, totals);
    case 'sequence-mean':
      return exampleMean(sequenceMeans(values, mask), totals);
    case 'sequence-sum':
      return tf.div(exampleMean(sequenceSums(values, mask), totals), constant);
  }
}
