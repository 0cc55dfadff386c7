import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ListwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceLogRatios } from '../sequences.ts';
import { listMean, stackAnswers } from './list-matrices.ts';

/** Options of D2O. */
export const d2oOptions = z.strictObject({
  /** Weight of the model's own answers' log-ratio. */
  beta: z.number().positive().default(0.1),
  /** Weight of the negative answer's log-ratio. */
  alpha: z.number().positive().default(0.1),
  /** Own answers to each prompt (K in the paper). */
  samples: z.number().int().positive().default(11),
});

/** Parsed options of D2O. */
export type D2oOptions = z.output<typeof d2oOptions>;

/**
 * Distributional dispreference optimization ("negating negatives"), for data that has only bad answers: they are
 * compared with the model's own, whatever these are worth:
 * `−log σ(β mean_k log(π/π_ref)(own_k) − α log(π/π_ref)(negative))`.
 * In a list, the answers of the lowest rating are the negatives (their mean, if several), all others the model's own.
 * A list of one rating teaches nothing and counts 0.
 *
 * Differs from the paper: one reference model stands for both of its own (π_r⁻ and π_r⁺).
 *
 * Metrics: `rewards/own`, `rewards/negative`, the mean weighted log-ratios; `accuracy`, the share of lists in which
 * the former is greater.
 */
export function d2oLoss(batch: ListwiseBatch, { beta, alpha }: D2oOptions): LossResult {
  const { ratings, present } = batch;
  const ratios = stackAnswers(batch, (answer) => sequenceLogRatios(answer, 'd2o'));
  const lowest = tf.min(tf.where(tf.greater(present, 0), ratings, tf.fill(ratings.shape, 1e30)), 1, true);
  const negative: Tensor2D = tf.mul(tf.cast(tf.lessEqual(ratings, lowest), 'float32'), present);
  const own: Tensor2D = tf.sub(present, negative);
  const mean = (of: Tensor2D): Tensor1D =>
    tf.div(tf.sum(tf.mul(ratios, of), 1), tf.maximum(tf.sum(of, 1), 1));
  const ownReward: Tensor1D = tf.mul(mean(own), beta);
  const negativeReward: Tensor1D = tf.mul(mean(negative), alpha);
  const both: Tensor1D = tf.max(own, 1);
  const margin: Tensor1D = tf.sub(ownReward, negativeReward);
  return {
    loss: listMean(tf.mul(tf.softplus(tf.neg(margin)), both), batch),
    metrics: {
      'rewards/own': listMean(ownReward, batch),
      'rewards/negative': listMean(negativeReward, batch),
      accuracy: listMean(tf.mul(tf.cast(tf.greater(margin, 0), 'float32'), both), batch),
    },
  };
}

/** Distributional dispreference optimization: `d2oLoss` as a definition. */
export const d2o = defineAlgorithm({
  name: 'd2o',
  paper: {
    title:
      'Negating Negatives: Alignment with Human Negative Samples via Distributional Dispreference Optimization',
    url: 'https://arxiv.org/abs/2403.03419',
    equations: 'the D2O loss',
  },
  batch: 'listwise',
  options: d2oOptions,
  needs: () => ({ reference: true }),
  rounds: ({ samples }) => ({
    every: 'round',
    answers: [
      { from: 'reference', count: samples },
      { from: 'data', count: 1 },
    ],
    judge: 'none',
    reference: 'initial',
    examples: ({ from }) =>
      from.includes('data') && from.includes('reference')
        ? [{ answers: Array.from(from.keys()), ratings: from.map((source) => (source === 'data' ? 0 : 1)) }]
        : [],
  }),
  loss: d2oLoss,
});
