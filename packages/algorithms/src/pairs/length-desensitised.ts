import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { PairwiseBatch } from '../batches.ts';
import { lengths, positions } from '../sequences.ts';

/**
 * Weights of the tokens of both answers for LD-DPO (Liu et al., arXiv 2409.06411): tokens within the length
 * that both answers have in common count fully, the longer one's surplus counts `alpha`.
 * `alpha = 1` is DPO; 0 compares the common length alone.
 *
 * @returns `[batch, seq]` for the chosen and the rejected answers, 0 where their mask is 0
 */
export function lengthDesensitisedMasks(
  { chosen, rejected }: Pick<PairwiseBatch, 'chosen' | 'rejected'>,
  alpha: number,
): { chosen: Tensor2D; rejected: Tensor2D } {
  if (alpha === 1) return { chosen: chosen.mask, rejected: rejected.mask };
  const common: Tensor1D = tf.minimum(lengths(chosen.mask), lengths(rejected.mask));
  const weigh = (mask: Tensor2D): Tensor2D => {
    const surplus: Tensor2D = tf.cast(tf.greater(positions(mask), tf.expandDims(common, 1)), 'float32');
    return tf.mul(mask, tf.sub(1, tf.mul(surplus, 1 - alpha)));
  };
  return { chosen: weigh(chosen.mask), rejected: weigh(rejected.mask) };
}
