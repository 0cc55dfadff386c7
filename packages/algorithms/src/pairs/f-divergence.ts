import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { logSigmoid } from '../log-sigmoid.ts';

/** Divergence that keeps the policy near its reference; see `divergenceScore`. */
export type Divergence = 'reverse-kl' | 'forward-kl' | 'js' | 'alpha';

/** Exponents are cut here: e⁴⁰ = 2e17, whose square float32 still holds. */
const MAX_EXPONENT = 40;

/**
 * What takes the place of log(π/π_ref) when DPO is regularised by another f-divergence (Wang et al., "Beyond reverse
 * KL", arXiv 2309.16240, table 1): f′(t) at t = π/π_ref.
 * - `reverse-kl`: log t (DPO itself; constants cancel between the answers)
 * - `forward-kl`: 1 − 1/t
 * - `js`: log(2t / (1 + t))
 * - `alpha`: (t^(α − 1) − 1) / (α − 1), which tends to log t as α → 1
 *
 * Exponents are cut at 40; beyond, the gradient is 0.
 *
 * @param logRatio log t of each sequence, `[batch]`
 * @param alpha only for `alpha`
 */
export function divergenceScore(logRatio: Tensor1D, divergence: Divergence, alpha = 0.5): Tensor1D {
  switch (divergence) {
    case 'reverse-kl':
      return logRatio;
    case 'forward-kl':
      return tf.neg(tf.expm1(tf.minimum(tf.neg(logRatio), MAX_EXPONENT)));
    case 'js':
      return tf.add(logSigmoid(logRatio), Math.LN2);
    case 'alpha': {
      const power = alpha - 1;
      if (Math.abs(power) < 1e-6) return logRatio;
      return tf.div(tf.expm1(tf.minimum(tf.mul(logRatio, power), MAX_EXPONENT)), power);
    }
  }
}
