import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { pairMean, pairMetrics } from '../pairs/pair-metrics.ts';
import { required } from '../sequences.ts';
import { pairScores } from './pair-scores.ts';

/** Options of an ordinal reward model. */
export const ordinalRewardModelOptions = z.strictObject({
  /**
   * The margin at which the annotators are sure: a margin m stands for a probability of ½ (1 + m / scale) that the
   * chosen answer is better, cut to 0..1. With the levels 0 (tie) to 3 (much better) it is 3.
   */
  scale: z.number().positive().default(1),
});

/** Parsed options of an ordinal reward model. */
export type OrdinalRewardModelOptions = z.output<typeof ordinalRewardModelOptions>;

/**
 * A reward model from graded preferences: the grade becomes the probability z that the chosen answer is better, and
 * the loss is the cross-entropy `−z log σ(Δ) − (1 − z) log σ(−Δ)` of the difference of scores Δ. Grades as such
 * probabilities are unbiased, and vary less than binary labels. Ties (z = ½) pull the scores together.
 *
 * Metrics: those of `pairMetrics` with the scores as rewards.
 */
export function ordinalRewardModelLoss(
  batch: PairwiseBatch,
  { scale }: OrdinalRewardModelOptions,
): LossResult {
  const { chosen, rejected } = pairScores(batch, 'ordinal-reward-model');
  const margins = required(
    batch.margins,
    'ordinal-reward-model',
    'margins: the data does not say how much better',
  );
  const z: Tensor1D = tf.clipByValue(tf.mul(tf.add(tf.div(margins, scale), 1), 0.5), 0, 1);
  const difference: Tensor1D = tf.sub(chosen, rejected);
  const perPair: Tensor1D = tf.add(
    tf.mul(z, tf.softplus(tf.neg(difference))),
    tf.mul(tf.sub(1, z), tf.softplus(difference)),
  );
  return { loss: pairMean(perPair, batch), metrics: pairMetrics(chosen, rejected, batch) };
}

/** An ordinal reward model: `ordinalRewardModelLoss` as a definition. */
export const ordinalRewardModel = defineAlgorithm({
  name: 'ordinal-reward-model',
  paper: {
    title: 'Reward Modeling with Ordinal Feedback: Wisdom of the Crowd',
    url: 'https://arxiv.org/abs/2411.12843',
    equations: 'section 3, cross-entropy with ordinal feedback',
  },
  batch: 'pairwise',
  options: ordinalRewardModelOptions,
  needs: () => ({ head: 'after', margins: true }),
  loss: ordinalRewardModelLoss,
});
