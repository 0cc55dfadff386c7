import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { RolloutBatch } from '../batches.ts';
import { logRatio, MAX_LOG_RATIO } from '../log-ratio.ts';

/**
 * π/π_old of each whole answer, repeated for its tokens.
 * - `sum`: of the answer itself, the product of its tokens' ratios (RLOO).
 * - `mean`: its geometric mean over tokens, which does not grow with the length (GSPO, arXiv 2507.18071 eq. 7).
 *
 * Log-ratios of tokens and of answers are cut at ±20.
 *
 * @returns `[batch, seq]`
 */
export function sequenceRatio(
  { logProbs, oldLogProbs, mask }: Pick<RolloutBatch, 'logProbs' | 'oldLogProbs' | 'mask'>,
  over: 'sum' | 'mean',
): Tensor2D {
  const perToken = logRatio(logProbs, oldLogProbs, mask);
  const sums = tf.sum(perToken, 1, true);
  const log =
    over === 'mean'
      ? tf.div(sums, tf.maximum(tf.sum(mask, 1, true), 1))
      : tf.clipByValue(sums, -MAX_LOG_RATIO, MAX_LOG_RATIO);
  return tf.mul(tf.exp(log), tf.onesLike(perToken));
}
