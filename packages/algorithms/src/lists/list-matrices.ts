import type { Scalar, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ListwiseBatch, SequenceLogProbs } from '../batches.ts';
import { exampleMean } from '../masked.ts';

/** What takes the place of an answer that must not count in a log-sum-exp. */
const NEVER = -1e30;

/** One number of each answer, `[batch, list]`. */
export function stackAnswers(
  { answers }: Pick<ListwiseBatch, 'answers'>,
  score: (answer: SequenceLogProbs) => Tensor1D,
): Tensor2D {
  return tf.stack(answers.map(score), 1) as Tensor2D;
}

/** 1 where answer i of a list is rated above answer j and both are there, `[batch, i, j]`. */
export function betterThan({ ratings, present }: Pick<ListwiseBatch, 'ratings' | 'present'>): Tensor3D {
  const above = tf.cast(tf.greater(rows(ratings), columns(ratings)), 'float32');
  return tf.mul(above, tf.mul(rows(present), columns(present)));
}

/** `[batch, list]` as `[batch, list, 1]`: the number of i. */
export function rows(x: Tensor2D): Tensor3D {
  return tf.expandDims(x, 2);
}

/** `[batch, list]` as `[batch, 1, list]`: the number of j. */
export function columns(x: Tensor2D): Tensor3D {
  return tf.expandDims(x, 1);
}

/**
 * log(e^own_i + Σ_j [worse_ij] e^other_ij) − own_i: minus the log-probability of choosing i among itself and the answers
 * worse than it. 0 for answers with none worse.
 *
 * @param own `[batch, list]`
 * @param others `[batch, i, j]` or `[batch, 1, j]`
 * @param worse 1 where j counts as an alternative of i, `[batch, i, j]`
 * @returns `[batch, list]`
 */
export function choiceLoss(own: Tensor2D, others: Tensor3D, worse: Tensor3D): Tensor2D {
  // The difference is taken before the sum, so that large numbers lose nothing.
  const relative = tf.mul(tf.sub(others, rows(own)), worse);
  const counted = tf.where(tf.greater(worse, 0), relative, tf.fill(worse.shape, NEVER));
  const zero = tf.zerosLike(rows(own));
  return tf.logSumExp(tf.concat([zero, counted], 2), 2);
}

/** The share of pairs of each list that are ranked as rated; a tie counts as wrong, a list without pairs as 0. */
export function rankAccuracy(scores: Tensor2D, better: Tensor3D): Tensor1D {
  const right = tf.mul(tf.cast(tf.greater(rows(scores), columns(scores)), 'float32'), better);
  return tf.div(tf.sum(right, [1, 2]), tf.maximum(tf.sum(better, [1, 2]), 1));
}

/** Weights that choose the best answer of each list, shared between equals, `[batch, list]`; 0 for an empty list. */
export function bestWeights({ ratings, present }: Pick<ListwiseBatch, 'ratings' | 'present'>): Tensor2D {
  const rated = tf.where(tf.greater(present, 0), ratings, tf.fill(ratings.shape, NEVER));
  const best = tf.mul(tf.cast(tf.equal(rated, tf.max(rated, 1, true)), 'float32'), present);
  return tf.div(best, tf.maximum(tf.sum(best, 1, true), 1));
}

/** This micro-batch's share of the mean over all lists of the step; rows without an answer count nothing. */
export function listMean(
  values: Tensor1D,
  { present, totals }: Pick<ListwiseBatch, 'present' | 'totals'>,
): Scalar {
  return exampleMean(tf.mul(values, tf.max(present, 1)), totals);
}
