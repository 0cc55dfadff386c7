import { z } from 'zod';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { clipOptions, groupOptions, groupRelative, policyNeeds, policyOptions } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of GRPO. The paper's KL penalty is `beta: 0.04`, its aggregation `sequence-mean-token-mean`. */
export const grpoOptions = z.strictObject({
  ...policyOptions({ aggregation: 'token-mean' }),
  ...clipOptions({ clipLow: 0.2, clipHigh: 0.2 }),
  ...groupOptions,
});

/** Parsed options of GRPO. */
export type GrpoOptions = z.output<typeof grpoOptions>;

/**
 * Group relative policy optimization (eq. 3, 4): PPO's clipped surrogate without a critic, with a KL penalty in the
 * loss. The advantage of every token is `(r − mean) / std` over the answers to the same prompt.
 *
 * Differs from the paper in its defaults: every token weighs the same (DAPO), and there is no KL penalty.
 *
 * Metrics: those of `policyLoss` and `clippedSurrogate`.
 */
export function grpoLoss(batch: RolloutBatch, options: GrpoOptions): LossResult {
  return policyLoss(batch, clippedSurrogate(batch, options), options);
}

/** Group relative policy optimization: `grpoLoss` and `groupAdvantages` as a definition. */
export const grpo = defineAlgorithm({
  name: 'grpo',
  paper: {
    title: 'DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models',
    url: 'https://arxiv.org/abs/2402.03300',
    equations: 'eq. 3, 4',
  },
  batch: 'rollout',
  options: grpoOptions,
  needs: policyNeeds,
  advantages: groupRelative,
  loss: grpoLoss,
});
