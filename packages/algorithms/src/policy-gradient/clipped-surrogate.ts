import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { RolloutBatch, Totals } from '../batches.ts';
import { logRatio } from '../log-ratio.ts';
import { tokenMean } from '../masked.ts';
import type { ClipOptions } from './options.ts';
import type { Surrogate } from './policy-loss.ts';

/**
 * The clipped surrogate of PPO (arXiv 1707.06347 eq. 7), token by token, with r = π/π_old and advantage A:
 * `−min(r A, clip(r, 1 − clipLow, 1 + clipHigh) A)`, and with dual clip (arXiv 1912.09729)
 * `−max(that minimum, dualClip · A)` where A < 0. Log-ratios are cut at ±20, so that no exponential overflows.
 *
 * Metrics, shares of tokens whose gradient is stopped: `clip/low` and `clip/high` by the lower and the upper bound,
 * `clip/dual` by the dual clip.
 */
export function clippedSurrogate(batch: RolloutBatch, options: ClipOptions): Surrogate {
  const { logProbs, oldLogProbs, mask } = batch;
  return clipRatio(tf.exp(logRatio(logProbs, oldLogProbs, mask)), batch, options);
}

/**
 * The same for given ratios, e.g. of whole answers.
 * @param ratio `[batch, seq]`
 */
export function clipRatio(
  ratio: Tensor2D,
  { advantages, mask, totals }: Pick<RolloutBatch, 'advantages' | 'mask' | 'totals'>,
  { clipLow, clipHigh, dualClip }: ClipOptions,
): Surrogate {
  const low = 1 - clipLow;
  const high = 1 + clipHigh;
  const negative = tf.less(advantages, 0);
  const positive = tf.greater(advantages, 0);
  let gain: Tensor2D = tf.minimum(
    tf.mul(ratio, advantages),
    tf.mul(tf.clipByValue(ratio, low, high), advantages),
  );
  const metrics: Record<string, Scalar> = {
    'clip/low': share(tf.logicalAnd(tf.less(ratio, low), negative), mask, totals),
    'clip/high': share(tf.logicalAnd(tf.greater(ratio, high), positive), mask, totals),
  };
  if (dualClip !== undefined) {
    gain = tf.where(negative, tf.maximum(gain, tf.mul(advantages, dualClip)), gain);
    metrics['clip/dual'] = share(tf.logicalAnd(tf.greater(ratio, dualClip), negative), mask, totals);
  }
  return { loss: tf.neg(gain), ratio, metrics };
}

/** Share of the step's tokens for which a condition holds. */
export function share(condition: tf.Tensor, mask: Tensor2D, totals: Totals): Scalar {
  return tokenMean(tf.cast(condition, 'float32') as Tensor2D, mask, totals);
}
