import { z } from 'zod';
import { betaNormalisedAdvantages } from '../advantages/beta-normalised.ts';
import { defineAlgorithm } from '../definition.ts';
import { type Advantages, perToken, type Rollout } from '../rollout.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { clipOptions, policyNeeds, policyOptions } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of BNPO. */
export const bnpoOptions = z
  .strictObject({
    ...policyOptions({ aggregation: 'token-mean' }),
    ...clipOptions({ clipLow: 0.2, clipHigh: 0.2 }),
    /** The lowest reward there is. */
    rewardMin: z.number().default(0),
    /** The highest. */
    rewardMax: z.number().default(1),
  })
  .refine(({ rewardMin, rewardMax }) => rewardMin < rewardMax, 'rewardMin must be below rewardMax');

/** Parsed options of BNPO. */
export type BnpoOptions = z.output<typeof bnpoOptions>;

/** `betaNormalisedAdvantages`. Metrics: the parameters of the fitted distribution, `beta/alpha` and `beta/beta`. */
export function bnpoAdvantages(rollout: Rollout, options: BnpoOptions): Advantages {
  const { advantages, alpha, beta } = betaNormalisedAdvantages(rollout, options);
  return {
    advantages: perToken(advantages, rollout),
    metrics: { 'beta/alpha': alpha, 'beta/beta': beta },
  };
}

/**
 * Beta normalization policy optimization: GRPO whose advantages are scaled by a Beta distribution fitted to how hard the
 * prompts of the rollout are, instead of by the deviation within each group.
 *
 * TRL calls `bnpo` something else: a mean over the tokens of the micro-batch, which depends on how a batch is cut. What
 * it approximates is `grpo` with the aggregation `token-mean`, which is exact here.
 */
export const bnpo = defineAlgorithm({
  name: 'bnpo',
  paper: {
    title: 'BNPO: Beta Normalization Policy Optimization',
    url: 'https://arxiv.org/abs/2506.02864',
    equations: 'section 3',
  },
  batch: 'rollout',
  options: bnpoOptions,
  needs: policyNeeds,
  advantages: bnpoAdvantages,
  loss: (batch, options) => policyLoss(batch, clippedSurrogate(batch, options), options),
});
