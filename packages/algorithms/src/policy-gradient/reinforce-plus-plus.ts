import { z } from 'zod';
import { checkRollout } from '../advantages/check-rollout.ts';
import { discountedReturns } from '../advantages/returns.ts';
import { shapeRewards } from '../advantages/shaped-rewards.ts';
import { whiten } from '../advantages/whiten.ts';
import { defineAlgorithm } from '../definition.ts';
import { rewardKlOptions } from '../kl/controllers.ts';
import type { Advantages, Rollout } from '../rollout.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { clipOptions, policyOptions, rewardKlNeeds } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of REINFORCE++. */
export const reinforcePlusPlusOptions = z.strictObject({
  ...policyOptions({ aggregation: 'token-mean' }),
  ...clipOptions({ clipLow: 0.2, clipHigh: 0.2 }),
  ...rewardKlOptions({ klCoefficient: 0.01 }),
  /** Discount of later rewards. */
  gamma: z.number().min(0).max(1).default(1),
});

/** Parsed options of REINFORCE++. */
export type ReinforcePlusPlusOptions = z.output<typeof reinforcePlusPlusOptions>;

/**
 * Returns of KL-shaped rewards, `Σ_{t' ≥ t} γ^(t'−t) (rₜ' − β KLₜ')`, scaled to mean 0 and variance 1 over all
 * tokens of the rollout. One answer a prompt is enough.
 */
export function reinforcePlusPlusAdvantages(
  rollout: Rollout,
  options: ReinforcePlusPlusOptions,
  state?: unknown,
): Advantages {
  checkRollout(rollout, 'reinforce++');
  const shaped = shapeRewards(rollout, options, 'reinforce++', state);
  const returns = shaped.rewards.map((row) => discountedReturns(row, options.gamma));
  return { advantages: whiten(returns), metrics: shaped.metrics, state: shaped.state };
}

/**
 * REINFORCE++: PPO's clipped surrogate without a critic. The baseline is the mean over the whole rollout instead of over
 * the answers to one prompt, which an algorithm of groups can overfit; the KL penalty of each token is in its reward.
 */
export const reinforcePlusPlus = defineAlgorithm({
  name: 'reinforce++',
  paper: {
    title: 'REINFORCE++: A Simple and Efficient Approach for Aligning Large Language Models',
    url: 'https://arxiv.org/abs/2501.03262',
    equations: 'section 3, token-level KL penalty and global normalization',
  },
  batch: 'rollout',
  options: reinforcePlusPlusOptions,
  needs: rewardKlNeeds,
  advantages: reinforcePlusPlusAdvantages,
  loss: (batch, options) => policyLoss(batch, clippedSurrogate(batch, options), options),
});
