import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import { sequenceMeans } from '../masked.ts';
import { required } from '../sequences.ts';
import { stopGradient } from '../stop-gradient.ts';

/**
 * How likely each pair is under the policy: the weights of WPO (Zhou et al., arXiv 2406.11827, eq. 2), which make
 * off-policy pairs resemble on-policy ones. For each answer the geometric mean over its tokens of
 * `π(token) / Σ_v π(v)²` (the paper's sampled alignment), and the product of both answers. A constant: no gradient.
 *
 * @returns `[batch]`
 */
export function wpoWeights({ chosen, rejected }: Pick<PairwiseBatch, 'chosen' | 'rejected'>): Tensor1D {
  return stopGradient(tf.exp(tf.add(alignment(chosen), alignment(rejected))));
}

/** Mean over tokens of log π(token) − log Σ_v π(v)², `[batch]`. */
function alignment({ logProbs, logits, mask }: SequenceLogProbs): Tensor1D {
  const all = tf.logSoftmax(required(logits, 'dpo', 'logits, which weighting needs'));
  const logSquares: Tensor2D = tf.logSumExp(tf.mul(all, 2), -1);
  return sequenceMeans(tf.sub(logProbs, logSquares), mask);
}
