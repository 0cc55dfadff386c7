import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** Log-ratios beyond ±20 (factors of 5e8) are cut, so that no exponential overflows float32. */
export const MAX_LOG_RATIO = 20;

/**
 * `log p − log q`, cut to ±20; beyond, the gradient is 0.
 *
 * @param logP `[batch, seq]`
 * @param logQ `[batch, seq]`
 * @returns `[batch, seq]`, 0 where `mask` is 0
 */
export function logRatio(logP: Tensor2D, logQ: Tensor2D, mask: Tensor2D): Tensor2D {
  return tf.clipByValue(tf.mul(tf.sub(logP, logQ), mask), -MAX_LOG_RATIO, MAX_LOG_RATIO);
}
