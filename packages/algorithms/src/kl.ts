import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { logRatio } from './log-ratio.ts';

/** Estimators of KL(policy ‖ reference) from tokens that the policy sampled; see `klEstimate`. */
export type KlEstimator = 'k1' | 'k2' | 'k3';

/**
 * KL(policy ‖ reference) estimated at each sampled token (J. Schulman, "Approximating KL Divergence", 2020,
 * http://joschu.net/blog/kl-approx.html). With d = log p_ref − log p_policy:
 * - `k1` = −d: unbiased, high variance, negative for some samples. Its gradient has expectation 0.
 * - `k2` = d² / 2: biased, low variance; the gradient of its expectation is that of the KL divergence.
 * - `k3` = eᵈ − 1 − d: unbiased, low variance, never negative (GRPO, arXiv 2402.03300 eq. 4).
 *
 * |d| is cut at 20, where eᵈ is 5e8.
 *
 * @param logProbs `[batch, seq]` under the policy
 * @param refLogProbs `[batch, seq]` under the reference
 * @param mask `[batch, seq]`, 1 where a token counts
 * @returns `[batch, seq]`, 0 where `mask` is 0
 */
export function klEstimate(
  logProbs: Tensor2D,
  refLogProbs: Tensor2D,
  mask: Tensor2D,
  estimator: KlEstimator = 'k3',
): Tensor2D {
  const d = logRatio(refLogProbs, logProbs, mask);
  switch (estimator) {
    case 'k1':
      return tf.neg(d);
    case 'k2':
      return tf.mul(tf.square(d), 0.5);
    case 'k3':
      return tf.sub(tf.expm1(d), d);
  }
}
