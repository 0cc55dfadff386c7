import { z } from 'zod';
import { leaveOneOutAdvantages } from '../advantages/leave-one-out.ts';
import { shapeRewards } from '../advantages/shaped-rewards.ts';
import { total } from '../advantages/statistics.ts';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { rewardKlOptions } from '../kl/controllers.ts';
import { type Advantages, perToken, type Rollout } from '../rollout.ts';
import { clipRatio } from './clipped-surrogate.ts';
import { clipOptions, policyOptions, rewardKlNeeds } from './options.ts';
import { policyLoss } from './policy-loss.ts';
import { sequenceRatio } from './sequence-ratio.ts';

/** Options of RLOO. */
export const rlooOptions = z.strictObject({
  ...policyOptions({ aggregation: 'sequence-mean-token-mean' }),
  ...clipOptions({ clipLow: 0.2, clipHigh: 0.2 }),
  ...rewardKlOptions({ klCoefficient: 0.05 }),
});

/** Parsed options of RLOO. */
export type RlooOptions = z.output<typeof rlooOptions>;

/** Leave-one-out advantages of rewards less the KL penalty of the whole answer. */
export function rlooAdvantages(rollout: Rollout, options: RlooOptions, state?: unknown): Advantages {
  const shaped = shapeRewards(rollout, options, 'rloo', state);
  // An answer without tokens keeps its reward.
  const rewards = rollout.rewards.map((reward, i) =>
    shaped.rewards[i]!.length > 0 ? total(shaped.rewards[i]!) : reward,
  );
  const advantages = leaveOneOutAdvantages({ rewards, groupSize: rollout.groupSize });
  return { advantages: perToken(advantages, rollout), metrics: shaped.metrics, state: shaped.state };
}

/**
 * REINFORCE leave-one-out: an answer as a whole is one action. With R = π(answer)/π_old(answer) the loss of an answer
 * is `−min(R A, clip(R, 1 − clipLow, 1 + clipHigh) A)`, averaged over answers.
 *
 * Differs from the paper, whose loss is `−A log π(answer)`: at R = 1, in the first step after sampling, the gradients
 * are equal; in later steps the clipped ratio keeps the policy near the one that sampled.
 *
 * Metrics: those of `policyLoss` and `clipRatio`; the ratio is that of whole answers.
 */
export function rlooLoss(batch: RolloutBatch, options: RlooOptions): LossResult {
  return policyLoss(batch, clipRatio(sequenceRatio(batch, 'sum'), batch, options), options);
}

/** REINFORCE leave-one-out: `rlooLoss` and `rlooAdvantages` as a definition. */
export const rloo = defineAlgorithm({
  name: 'rloo',
  paper: {
    title: 'Back to Basics: Revisiting REINFORCE Style Optimization for Learning from Human Feedback in LLMs',
    url: 'https://arxiv.org/abs/2402.14740',
    equations: 'the RLOO estimator, the KL-shaped reward',
  },
  batch: 'rollout',
  options: rlooOptions,
  needs: rewardKlNeeds,
  advantages: rlooAdvantages,
  loss: rlooLoss,
});
