import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { UnpairedBatch } from '../batches.ts';
import { exampleMean } from '../masked.ts';
import { presence, required } from '../sequences.ts';

/** This micro-batch's share of the step's mean of `values`, weighed by `weights` where the batch has them; `[batch]`. */
export function unpairedMean(values: Tensor1D, { mask, weights, totals }: UnpairedBatch): Scalar {
  const own: Tensor1D = tf.mul(values, presence(mask));
  return exampleMean(weights ? tf.mul(own, weights) : own, totals);
}

/** The loss of each example: one of two, by what it was judged. `[batch]` each. */
export function byJudgement(
  { desirable }: UnpairedBatch,
  ifDesirable: Tensor1D,
  ifUndesirable: Tensor1D,
): Tensor1D {
  return tf.add(tf.mul(desirable, ifDesirable), tf.mul(tf.sub(1, desirable), ifUndesirable));
}

/**
 * Shares of the step's means over desirable and over undesirable examples, each by its own number.
 *
 * @param values `[batch]`
 */
export function meansByJudgement(
  values: Tensor1D,
  { desirable, mask, totals }: UnpairedBatch,
  algorithm: string,
): { desirable: Scalar; undesirable: Scalar } {
  const count = required(totals.desirable, algorithm, 'totals.desirable');
  const own: Tensor1D = tf.mul(values, presence(mask));
  const mean = (which: Tensor1D, of: Scalar): Scalar => tf.div(tf.sum(tf.mul(own, which)), tf.maximum(of, 1));
  return {
    desirable: mean(desirable, count),
    undesirable: mean(tf.sub(1, desirable), tf.sub(totals.examples, count)),
  };
}

/** What methods on single judged answers report: mean rewards of both kinds and their difference. */
export function unpairedMetrics(
  rewards: Tensor1D,
  batch: UnpairedBatch,
  algorithm: string,
): Record<string, Scalar> {
  const { desirable, undesirable } = meansByJudgement(rewards, batch, algorithm);
  return {
    'rewards/desirable': desirable,
    'rewards/undesirable': undesirable,
    'rewards/margin': tf.sub(desirable, undesirable),
  };
}
