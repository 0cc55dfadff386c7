import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { logRatio, MAX_LOG_RATIO } from '../log-ratio.ts';
import type { PolicyOptions } from './options.ts';

/** The options that `importanceCorrection` reads. */
export type CorrectionOptions = Pick<PolicyOptions, 'correction' | 'correctionMax' | 'correctionMin'>;

/**
 * Weights that correct for a sampler (another engine, another precision) whose log-probabilities differ from those the
 * trainer computes with the same weights: truncated importance sampling (F. Yao et al., "Your Efficient RL Framework
 * Secretly Brings You Off-Policy RL Training", 2025; E. Ionides, "Truncated Importance Sampling", 2008).
 * With w = π_old/π_sampler of a token, or its product over the answer:
 * - `truncate`: w, cut to [min, max]: a biased estimate of bounded variance.
 * - `mask`: w within [min, max], else 0: what the two disagree about is not learned from.
 *
 * Log-ratios are cut at ±20.
 *
 * @param oldLogProbs `[batch, seq]`, the trainer's
 * @param samplerLogProbs `[batch, seq]`, the sampler's
 * @param mask `[batch, seq]`
 * @returns `[batch, seq]`; constants, no gradient
 * @throws when the smallest weight exceeds the largest
 */
export function importanceCorrection(
  oldLogProbs: Tensor2D,
  samplerLogProbs: Tensor2D,
  mask: Tensor2D,
  { correction, correctionMax, correctionMin }: CorrectionOptions,
): Tensor2D {
  if (correctionMin > correctionMax)
    throw new Error(`correctionMin ${correctionMin} must not exceed correctionMax ${correctionMax}`);
  const perToken = logRatio(oldLogProbs, samplerLogProbs, mask);
  const log: Tensor2D = correction.startsWith('sequence')
    ? tf.add(tf.clipByValue(tf.sum(perToken, 1, true), -MAX_LOG_RATIO, MAX_LOG_RATIO), tf.zerosLike(perToken))
    : perToken;
  const weight: Tensor2D = tf.exp(log);
  if (correction.endsWith('truncate')) return tf.clipByValue(weight, correctionMin, correctionMax);
  const trusted = tf.logicalAnd(tf.greaterEqual(weight, correctionMin), tf.lessEqual(weight, correctionMax));
  return tf.mul(weight, tf.cast(trusted, 'float32'));
}
