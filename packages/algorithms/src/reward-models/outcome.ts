import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { UnpairedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';
import { scoreAtLast } from '../sequence-scores.ts';
import { required } from '../sequences.ts';
import { byJudgement, unpairedMean } from '../unpaired/unpaired-metrics.ts';

/** Options of an outcome reward model. */
export const outcomeRewardModelOptions = z.strictObject({
  /** Where the answer is judged: at its `last` token, or at `every` one, which the paper found better. */
  at: z.enum(['last', 'every']).default('last'),
});

/** Parsed options of an outcome reward model. */
export type OutcomeRewardModelOptions = z.output<typeof outcomeRewardModelOptions>;

/**
 * An outcome reward model (ORM, a verifier): the score is the logit that the answer is right:
 * `−l log σ(r) − (1 − l) log σ(−r)` with the judgement l, at the answer's last token or averaged over all tokens of
 * the step.
 *
 * Metrics: `accuracy` of the last token's score, a score of 0 counts as wrong; `score`, its mean.
 */
export function outcomeRewardModelLoss(batch: UnpairedBatch, { at }: OutcomeRewardModelOptions): LossResult {
  const { mask, desirable, weights, totals } = batch;
  const scores = required(batch.scores, 'outcome-reward-model', 'scores of the scalar head');
  const last = scoreAtLast(scores, mask);
  const unweighed = { ...batch, weights: undefined };
  const right: Tensor1D = tf.greater(tf.mul(last, tf.sub(tf.mul(desirable, 2), 1)), 0);
  return {
    loss: at === 'last' ? lossAtLast() : lossAtEvery(),
    metrics: {
      accuracy: unpairedMean(tf.cast(right, 'float32'), unweighed),
      score: unpairedMean(last, unweighed),
    },
  };

  function lossAtLast(): Scalar {
    return unpairedMean(byJudgement(batch, tf.softplus(tf.neg(last)), tf.softplus(last)), batch);
  }

  function lossAtEvery(): Scalar {
    const good: Tensor2D = tf.mul(tf.softplus(tf.neg(scores)), tf.expandDims(desirable, 1));
    const bad: Tensor2D = tf.mul(tf.softplus(scores), tf.expandDims(tf.sub(1, desirable), 1));
    const perToken: Tensor2D = tf.add(good, bad);
    return tokenMean(weights ? tf.mul(perToken, tf.expandDims(weights, 1)) : perToken, mask, totals);
  }
}

/** An outcome reward model: `outcomeRewardModelLoss` as a definition. */
export const outcomeRewardModel = defineAlgorithm({
  name: 'outcome-reward-model',
  paper: {
    title: 'Training Verifiers to Solve Math Word Problems',
    url: 'https://arxiv.org/abs/2110.14168',
    equations: 'section 4.2',
  },
  batch: 'unpaired',
  options: outcomeRewardModelOptions,
  needs: () => ({ head: 'after' }),
  loss: outcomeRewardModelLoss,
});
