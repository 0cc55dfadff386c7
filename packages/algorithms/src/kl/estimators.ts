import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { logRatio } from '../log-ratio.ts';
import { stopGradient } from '../stop-gradient.ts';

/** Estimators of KL(policy ‖ reference) from tokens that the policy sampled; see `klEstimate`. */
export const klEstimators = z.enum(['k1', 'k2', 'k3', 'k1+', 'k3+']);

/** Name of an estimator. */
export type KlEstimator = z.output<typeof klEstimators>;

/**
 * KL(policy ‖ reference) estimated at each sampled token (J. Schulman, "Approximating KL Divergence", 2020,
 * http://joschu.net/blog/kl-approx.html). With d = log p_ref − log p_policy:
 * - `k1` = −d: unbiased, high variance, negative for some samples. Its gradient has expectation 0.
 * - `k2` = d² / 2: biased, low variance; the expectation of its gradient is the gradient of the KL divergence.
 * - `k3` = eᵈ − 1 − d: unbiased, low variance, never negative (GRPO, arXiv 2402.03300 eq. 4). The expectation of its
 *   gradient is the gradient of KL(reference ‖ policy), the other direction.
 * - `k1+`, `k3+`: the value of k1 or k3 with the gradient of k2: unbiased in both.
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
    case 'k1+':
    case 'k3+': {
      const gradient = klEstimate(logProbs, refLogProbs, mask, 'k2');
      const value = klEstimate(logProbs, refLogProbs, mask, estimator === 'k1+' ? 'k1' : 'k3');
      return tf.add(tf.sub(gradient, stopGradient(gradient)), stopGradient(value));
    }
  }
}

/**
 * The same on the host, for rewards.
 * @returns one number per token; |d| is cut at 20
 */
export function klEstimateHost(
  logProbs: Float32Array,
  refLogProbs: Float32Array,
  estimator: KlEstimator,
): Float64Array {
  return Float64Array.from(logProbs, (logProb, t) => {
    const d = Math.min(20, Math.max(-20, refLogProbs[t]! - logProb));
    if (estimator.startsWith('k1')) return -d;
    return estimator === 'k2' ? (d * d) / 2 : Math.expm1(d) - d;
  });
}
