import { z } from 'zod';
import { checkRollout } from '../advantages/check-rollout.ts';
import { byGroup } from '../advantages/group.ts';
import { mean } from '../advantages/statistics.ts';
import { whiten } from '../advantages/whiten.ts';
import { defineAlgorithm } from '../definition.ts';
import { type Advantages, perToken, type Rollout } from '../rollout.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { clipOptions, policyNeeds, policyOptions } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of REINFORCE++ with a baseline; its KL penalty is in the loss, by default estimated by k2. */
export const reinforcePlusPlusBaselineOptions = z.strictObject({
  ...policyOptions({ aggregation: 'token-mean', klEstimator: 'k2' }),
  ...clipOptions({ clipLow: 0.2, clipHigh: 0.2 }),
});

/**
 * Rewards less the mean of their group, then scaled to mean 0 and variance 1 over all tokens of the rollout: unlike
 * GRPO's, the scale is not that of a handful of answers.
 */
export function reinforcePlusPlusBaselineAdvantages(rollout: Rollout): Advantages {
  checkRollout(rollout, 'reinforce++-baseline', 2);
  const centred = byGroup(rollout, (group) => {
    const center = mean(group);
    return group.map((reward) => reward - center);
  });
  return { advantages: whiten(perToken(centred, rollout)) };
}

/**
 * REINFORCE++ for several answers a prompt: the group mean reshapes rewards, the rollout's
 * deviation scales them, and a KL penalty (k2, whose gradient is unbiased) is part of the loss when `beta` > 0.
 */
export const reinforcePlusPlusBaseline = defineAlgorithm({
  name: 'reinforce++-baseline',
  paper: {
    title: 'REINFORCE++: A Simple and Efficient Approach for Aligning Large Language Models',
    url: 'https://arxiv.org/abs/2501.03262',
    equations: 'REINFORCE++-baseline',
  },
  batch: 'rollout',
  options: reinforcePlusPlusBaselineOptions,
  needs: policyNeeds,
  advantages: reinforcePlusPlusBaselineAdvantages,
  loss: (batch, options) => policyLoss(batch, clippedSurrogate(batch, options), options),
});
