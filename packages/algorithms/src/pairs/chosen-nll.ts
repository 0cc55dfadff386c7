import type { Scalar } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { PairwiseBatch } from '../batches.ts';
import { required } from '../sequences.ts';

/** Negative log-likelihood of the chosen answers: a share of the mean over all their tokens of the step. */
export function chosenNll({ chosen, totals }: PairwiseBatch, algorithm: string): Scalar {
  const tokens = required(totals.chosenTokens, algorithm, 'totals.chosenTokens');
  return tf.neg(tf.div(tf.sum(tf.mul(chosen.logProbs, chosen.mask)), tokens));
}
