import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { checkRollout } from '../advantages/check-rollout.ts';
import { mean } from '../advantages/statistics.ts';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { logRatio } from '../log-ratio.ts';
import { type Advantages, perToken, type Rollout } from '../rollout.ts';
import { policyNeeds, policyOptions } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of REINFORCE. */
export const reinforceOptions = z.strictObject({
  ...policyOptions({ aggregation: 'sequence-mean-token-sum' }),
  /** What is subtracted from rewards: the mean of the rollout's, or nothing. */
  baseline: z.enum(['mean', 'none']).default('mean'),
});

/** Parsed options of REINFORCE. */
export type ReinforceOptions = z.output<typeof reinforceOptions>;

/** Rewards less the baseline. */
export function reinforceAdvantages(rollout: Rollout, { baseline }: ReinforceOptions): Advantages {
  checkRollout(rollout, 'reinforce');
  const center = baseline === 'mean' ? mean(rollout.rewards) : 0;
  return {
    advantages: perToken(
      rollout.rewards.map((reward) => reward - center),
      rollout,
    ),
  };
}

/**
 * REINFORCE: `−A log π(answer)`, the policy gradient itself. Nothing keeps the policy near the one that sampled: a
 * rollout serves one step well, and further ones worse and worse.
 *
 * Metrics: those of `policyLoss`.
 */
export function reinforceLoss(batch: RolloutBatch, options: ReinforceOptions): LossResult {
  const { logProbs, oldLogProbs, advantages, mask } = batch;
  const surrogate = {
    loss: tf.neg(tf.mul(tf.mul(logProbs, mask), advantages)) as tf.Tensor2D,
    ratio: tf.exp(logRatio(logProbs, oldLogProbs, mask)) as tf.Tensor2D,
  };
  return policyLoss(batch, surrogate, options);
}

/** REINFORCE: `reinforceLoss` and `reinforceAdvantages` as a definition. */
export const reinforce = defineAlgorithm({
  name: 'reinforce',
  paper: {
    title: 'Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning',
    url: 'https://doi.org/10.1007/BF00992696',
    equations: 'theorem 1',
  },
  batch: 'rollout',
  options: reinforceOptions,
  needs: policyNeeds,
  advantages: reinforceAdvantages,
  loss: reinforceLoss,
});
