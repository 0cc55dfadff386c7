import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { PairwiseBatch } from '../batches.ts';
import { exampleMean } from '../masked.ts';
import { presence } from '../sequences.ts';

/** 1 for pairs, 0 for rows that only fill up, `[batch]`. */
export function pairPresence({ chosen, rejected }: PairwiseBatch): Tensor1D {
  return presence(chosen.mask, rejected.mask);
}

/** This micro-batch's share of the mean over all pairs of the step; rows that only fill up count nothing. */
export function pairMean(values: Tensor1D, batch: PairwiseBatch): Scalar {
  return exampleMean(tf.mul(values, pairPresence(batch)), batch.totals);
}

/**
 * What every method on pairs reports: the implied rewards of both answers, their margin, and the share of pairs
 * ranked right; a tie counts as wrong.
 *
 * @param chosen rewards, `[batch]`
 * @param rejected rewards, `[batch]`
 */
export function pairMetrics(
  chosen: Tensor1D,
  rejected: Tensor1D,
  batch: PairwiseBatch,
): Record<string, Scalar> {
  return {
    'rewards/chosen': pairMean(chosen, batch),
    'rewards/rejected': pairMean(rejected, batch),
    'rewards/margin': pairMean(tf.sub(chosen, rejected), batch),
    'rewards/accuracy': pairMean(tf.cast(tf.greater(chosen, rejected), 'float32'), batch),
  };
}
