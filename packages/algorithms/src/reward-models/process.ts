import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { StepwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';
import { required } from '../sequences.ts';

/**
 * A process reward model (PRM): at the end of each step of a solution, the score is the logit that the step is right:
 * `−l log σ(s) − (1 − l) log σ(−s)`, a mean over all judged steps. Labels may be probabilities (Math-Shepherd's soft
 * estimates, arXiv 2312.08935).
 *
 * Metrics: `accuracy`, the share of steps on the right side of ½; `score`, the mean of σ(s).
 */
export function processRewardModelLoss(batch: StepwiseBatch): LossResult {
  const { stepLabels, stepMask, totals } = batch;
  const scores = required(batch.scores, 'process-reward-model', 'scores of the scalar head');
  const right: Tensor2D = tf.equal(tf.greater(scores, 0), tf.greater(stepLabels, 0.5));
  return {
    loss: tokenMean(stepLoss(scores, stepLabels), stepMask, totals),
    metrics: {
      accuracy: tokenMean(tf.cast(right, 'float32'), stepMask, totals),
      score: tokenMean(tf.sigmoid(scores), stepMask, totals),
    },
  };
}

/** Cross-entropy of scores as logits with labels from 0 to 1, `[batch, seq]`. */
export function stepLoss(scores: Tensor2D, labels: Tensor2D): Tensor2D {
  return tf.add(tf.mul(labels, tf.softplus(tf.neg(scores))), tf.mul(tf.sub(1, labels), tf.softplus(scores)));
}

/** A process reward model: `processRewardModelLoss` as a definition. It has no options. */
export const processRewardModel = defineAlgorithm({
  name: 'process-reward-model',
  paper: {
    title: "Let's Verify Step by Step",
    url: 'https://arxiv.org/abs/2305.20050',
    equations: 'section 2.6',
  },
  batch: 'stepwise',
  options: z.strictObject({}),
  needs: () => ({ head: 'after' }),
  loss: processRewardModelLoss,
});
