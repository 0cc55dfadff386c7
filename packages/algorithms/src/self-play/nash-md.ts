import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { checkRollout } from '../advantages/check-rollout.ts';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { exampleMean, sequenceSums } from '../masked.ts';
import { type Advantages, perToken, type Rollout } from '../rollout.ts';
import { tokenLogRatios } from '../sequences.ts';
import { stopGradient } from '../stop-gradient.ts';

/** Options of Nash-MD. */
export const nashMdOptions = z.strictObject({
  /** Strength of the pull towards the reference model (τ in the paper). */
  beta: z.number().min(0).default(0.008),
  /** How far the opponent lies from the policy towards the reference (β in the paper); 0 is self-play. */
  mixture: z.number().min(0).max(1).default(0.125),
});

/** Parsed options of Nash-MD. */
export type NashMdOptions = z.output<typeof nashMdOptions>;

/**
 * Advantage of an answer: the judge's probability that it beats the opponent's, less ½.
 *
 * @throws when a reward is not finite
 */
export function nashMdAdvantages(rollout: Rollout): Advantages {
  checkRollout(rollout, 'nash-md');
  const centred = rollout.rewards.map((probability) => probability - 0.5);
  return { advantages: perToken(centred, rollout) };
}

/**
 * Nash-MD by policy gradient: the policy plays against the geometric mixture of itself and the reference,
 * π^(1 − mixture) π_ref^mixture, and ascends `E[(P(y ≻ y′) − ½) log π(y)] − β KL(π ‖ π_ref)`, towards the Nash
 * equilibrium of the regularised preference game. Both parts are REINFORCE gradients: the loss of an answer is
 * `−Σ_t A log π_t + β Σ_t sg(log(π_t/π_ref,t)) log π_t`. Meant for one optimizer step a rollout.
 *
 * Metrics, means over answers: `kl`, log(π/π_ref) summed over the answer; `score`, A log π.
 */
export function nashMdLoss(batch: RolloutBatch, { beta }: NashMdOptions): LossResult {
  const { logProbs, advantages, mask, totals } = batch;
  const ratio: Tensor2D = stopGradient(tokenLogRatios(batch, 'nash-md'));
  const score: Tensor1D = sequenceSums(tf.mul(advantages, logProbs), mask);
  const penalty: Tensor1D = sequenceSums(tf.mul(ratio, logProbs), mask);
  return {
    loss: exampleMean(tf.sub(tf.mul(penalty, beta), score), totals),
    metrics: {
      kl: exampleMean(sequenceSums(ratio, mask), totals),
      score: exampleMean(score, totals),
    },
  };
}

/** Nash-MD: `nashMdLoss` and `nashMdAdvantages` as a definition. */
export const nashMd = defineAlgorithm({
  name: 'nash-md',
  paper: {
    title: 'Nash Learning from Human Feedback',
    url: 'https://arxiv.org/abs/2312.00886',
    equations: 'section 7, Nash-MD-PG',
  },
  batch: 'rollout',
  options: nashMdOptions,
  needs: ({ mixture }) => ({ reference: true, opponent: { mixture } }),
  advantages: nashMdAdvantages,
  loss: nashMdLoss,
});
