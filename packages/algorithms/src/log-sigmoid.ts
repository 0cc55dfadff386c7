import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** log σ(z) = −softplus(−z), which neither overflows nor loses small values. */
export function logSigmoid<T extends Tensor>(z: T): T {
  return tf.neg(tf.softplus(tf.neg(z))) as T;
}

/**
 * Binary cross-entropy of a logit: −(1 − ε) log σ(z) − ε log σ(−z), where ε is the share of labels assumed flipped
 * (conservative DPO).
 */
export function smoothedLogLoss(z: Tensor1D, flipped = 0): Tensor1D {
  const right: Tensor1D = tf.mul(tf.softplus(tf.neg(z)), 1 - flipped);
  return flipped === 0 ? right : tf.add(right, tf.mul(tf.softplus(z), flipped));
}
