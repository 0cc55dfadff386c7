import { z } from 'zod';
import { defineAlgorithm } from '../definition.ts';
import { grpoLoss } from './grpo.ts';
import { clipOptions, groupRelative, policyNeeds, policyOptions } from './options.ts';

/** Options of Dr. GRPO; `fixedLength` should be the most tokens an answer may have. */
export const drGrpoOptions = z.strictObject({
  ...policyOptions({ aggregation: 'fixed-length' }),
  ...clipOptions({ clipLow: 0.2, clipHigh: 0.2 }),
});

/**
 * GRPO done right: GRPO without two biases.
 * - Its loss divides by each answer's own length, so that long wrong answers are punished less a token than short ones,
 *   and wrong answers grow. Here the divisor is a constant (`fixed-length`).
 * - It divides rewards by the deviation of their group, which weighs very easy and very hard prompts more. Here rewards
 *   are only centred: the advantage is `r − mean(group)`.
 *
 * The function is `grpoLoss`. The size of the loss depends on `fixedLength`; what Adam makes of it does not.
 */
export const drGrpo = defineAlgorithm({
  name: 'dr-grpo',
  paper: {
    title: 'Understanding R1-Zero-Like Training: A Critical Perspective',
    url: 'https://arxiv.org/abs/2503.20783',
    equations: 'section 3.2, listing 1',
  },
  batch: 'rollout',
  options: drGrpoOptions,
  needs: policyNeeds,
  advantages: (rollout) => groupRelative(rollout, { scaleRewards: 'none' }),
  loss: (batch, options) => grpoLoss(batch, { ...options, scaleRewards: 'none' }),
});
