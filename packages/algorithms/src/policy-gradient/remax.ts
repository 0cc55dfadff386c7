import { z } from 'zod';
import { checkRollout, requirePart } from '../advantages/check-rollout.ts';
import { discountedReturns } from '../advantages/returns.ts';
import { shapeRewards } from '../advantages/shaped-rewards.ts';
import { mean } from '../advantages/statistics.ts';
import { defineAlgorithm } from '../definition.ts';
import { rewardKlOptions } from '../kl/controllers.ts';
import type { Advantages, Rollout } from '../rollout.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { clipOptions, policyOptions, rewardKlNeeds } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of ReMax. */
export const remaxOptions = z.strictObject({
  ...policyOptions({ aggregation: 'token-mean' }),
  ...clipOptions({ clipLow: 0.2, clipHigh: 0.2 }),
  ...rewardKlOptions({ klCoefficient: 0.01 }),
  /** Discount of later rewards. */
  gamma: z.number().min(0).max(1).default(1),
});

/** Parsed options of ReMax. */
export type RemaxOptions = z.output<typeof remaxOptions>;

/**
 * Returns of KL-shaped rewards less the reward of the greedy answer to the same prompt (algorithm 1). A baseline
 * that needs no critic and, unlike a group's mean, one answer a prompt.
 * Metrics: `reward/greedy`, the mean reward of greedy answers.
 *
 * @throws when the rollout lacks `greedyRewards`, or one of them is not finite
 */
export function remaxAdvantages(rollout: Rollout, options: RemaxOptions, state?: unknown): Advantages {
  checkRollout(rollout, 'remax');
  const greedy = requirePart(rollout, 'greedyRewards', 'remax');
  checkRollout({ rewards: greedy, groupSize: 1 }, 'remax, greedy answers');
  const shaped = shapeRewards(rollout, options, 'remax', state);
  const advantages = shaped.rewards.map((row, i) => {
    const baseline = greedy[Math.floor(i / rollout.groupSize)]!;
    return Float32Array.from(discountedReturns(row, options.gamma), (value) => value - baseline);
  });
  return {
    advantages,
    metrics: { ...shaped.metrics, 'reward/greedy': mean(greedy) },
    state: shaped.state,
  };
}

/**
 * ReMax: REINFORCE with the greedy answer's reward as baseline.
 *
 * Differs from the paper, whose loss is `−A log π` summed over tokens: the clipped surrogate has the same gradient in
 * the first step after sampling and allows further steps; the default is a mean over tokens
 * (`aggregation: sequence-mean-token-sum` is the paper's).
 */
export const remax = defineAlgorithm({
  name: 'remax',
  paper: {
    title: 'ReMax: A Simple, Effective, and Efficient Reinforcement Learning Method for Aligning LLMs',
    url: 'https://arxiv.org/abs/2310.10505',
    equations: 'algorithm 1',
  },
  batch: 'rollout',
  options: remaxOptions,
  needs: (options) => ({ ...rewardKlNeeds(options), greedy: true }),
  advantages: remaxAdvantages,
  loss: (batch, options) => policyLoss(batch, clippedSurrogate(batch, options), options),
});
