import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ListwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import {
  betterThan,
  choiceLoss,
  columns,
  listMean,
  rankAccuracy,
  stackAnswers,
} from '../lists/list-matrices.ts';
import { scoreAtLast } from '../sequence-scores.ts';
import { required } from '../sequences.ts';

/**
 * A reward model from rankings by Plackett and Luce: the probability of a ranking is that of drawing the best answer
 * from all, the second from the rest, and so on: `−Σ_i log(e^{r_i} / (e^{r_i} + Σ_{j worse than i} e^{r_j}))`.
 * Two answers are Bradley-Terry. Answers rated alike are not compared with each other.
 *
 * Metrics: `accuracy`, the mean share of a list's pairs that are ranked right; `score`, the mean of all answers.
 */
export function listwiseRewardModelLoss(batch: ListwiseBatch): LossResult {
  const name = 'listwise-reward-model';
  const scores = stackAnswers(batch, ({ scores, mask }) =>
    scoreAtLast(required(scores, name, 'scores of the scalar head'), mask),
  );
  const better = betterThan(batch);
  const perList = tf.sum(
    tf.mul(choiceLoss(scores, columns(scores), better), batch.present),
    1,
  ) as tf.Tensor1D;
  const count = tf.maximum(tf.sum(batch.present, 1), 1);
  return {
    loss: listMean(perList, batch),
    metrics: {
      accuracy: listMean(rankAccuracy(scores, better), batch),
      score: listMean(tf.div(tf.sum(tf.mul(scores, batch.present), 1), count), batch),
    },
  };
}

/** A Plackett-Luce reward model: `listwiseRewardModelLoss` as a definition. It has no options. */
export const listwiseRewardModel = defineAlgorithm({
  name: 'listwise-reward-model',
  paper: {
    title: 'Principled Reinforcement Learning with Human Feedback from Pairwise or K-wise Comparisons',
    url: 'https://arxiv.org/abs/2301.11270',
    equations: 'section 4, the maximum likelihood estimator MLE_K',
  },
  batch: 'listwise',
  options: z.strictObject({}),
  needs: () => ({ head: 'after' }),
  loss: listwiseRewardModelLoss,
});
