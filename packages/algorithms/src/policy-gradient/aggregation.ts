import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Totals } from '../batches.ts';
import { exampleMean, sequenceMeans, sequenceSums, tokenMean } from '../masked.ts';

/**
 * How a loss per token becomes one number.
 * - `token-mean`: every token of the step weighs the same (DAPO, arXiv 2503.14476 eq. 8).
 * - `sequence-mean-token-mean`: the mean of each answer's mean (GRPO, arXiv 2402.03300 eq. 3); short answers weigh
 *   more a token.
 * - `sequence-mean-token-sum`: the mean of each answer's sum: the policy gradient of whole answers.
 * - `fixed-length`: the same divided by a constant length (Dr. GRPO, arXiv 2503.20783); no length bias, and losses of
 *   the size of the other modes'.
 */
export const aggregationModes = z.enum([
  'token-mean',
  'sequence-mean-token-mean',
  'sequence-mean-token-sum',
  'fixed-length',
]);

/** Name of an aggregation mode. */
export type Aggregation = z.output<typeof aggregationModes>;

/**
 * Aggregates a loss per token over the optimizer step, in shares that add up over micro-batches and ranks.
 *
 * @param values `[batch, seq]`
 * @param mask `[batch, seq]`, 1 where a token counts
 * @param fixedLength divisor of `fixed-length`, in tokens
 */
export function aggregate(
  values: Tensor2D,
  mask: Tensor2D,
  totals: Totals,
  mode: Aggregation,
  fixedLength: number,
): Scalar {
  switch (mode) {
    case 'token-mean':
      return tokenMean(values, mask, totals);
    case 'sequence-mean-token-mean':
      return exampleMean(sequenceMeans(values, mask), totals);
    case 'sequence-mean-token-sum':
      return exampleMean(sequenceSums(values, mask), totals);
    case 'fixed-length':
      return tf.div(exampleMean(sequenceSums(values, mask), totals), fixedLength);
  }
}
