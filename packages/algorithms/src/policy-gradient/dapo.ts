import { z } from 'zod';
import { checkRollout } from '../advantages/check-rollout.ts';
import { byGroup, groupAdvantages, isFlat } from '../advantages/group.ts';
import { softOverlongPunishment } from '../advantages/overlong.ts';
import { mean } from '../advantages/statistics.ts';
import { defineAlgorithm } from '../definition.ts';
import { type Advantages, perToken, type Rollout } from '../rollout.ts';
import { grpoLoss } from './grpo.ts';
import { clipOptions, policyNeeds, policyOptions } from './options.ts';

/** Options of DAPO. */
export const dapoOptions = z.strictObject({
  ...policyOptions({ aggregation: 'token-mean' }),
  ...clipOptions({ clipLow: 0.2, clipHigh: 0.28 }),
  /** Leave out prompts whose answers are all worth the same, and sample others instead. */
  dynamicSampling: z.boolean().default(true),
  /** Most rounds of sampling for one rollout; after them it is as full as it is. */
  maxRounds: z.int().min(1).default(10),
  /** Leave out answers that were cut at the most tokens: their reward says nothing of their reasoning. */
  overlongFiltering: z.boolean().default(false),
  /** Tokens before the most over which a punishment grows from 0 to `overlongPenalty`; 0: none. The paper: a fifth. */
  overlongBuffer: z.int().min(0).default(0),
  /** The punishment at the most tokens. */
  overlongPenalty: z.number().min(0).default(1),
});

/** Parsed options of DAPO. */
export type DapoOptions = z.output<typeof dapoOptions>;

/**
 * GRPO's group advantages of rewards with the soft punishment of overlong answers. `keep` is 0 for the answers to
 * prompts whose answers are all worth the same (before the punishment), and with `overlongFiltering` for cut ones.
 */
export function dapoAdvantages(rollout: Rollout, options: DapoOptions): Advantages {
  checkRollout(rollout, 'dapo', 2);
  const { rewards, finished, maxTokens } = rollout;
  const { overlongBuffer, overlongPenalty, overlongFiltering, dynamicSampling } = options;
  if (overlongBuffer > maxTokens)
    throw new Error(
      `dapo: overlongBuffer ${overlongBuffer} must not exceed the most tokens of an answer, ${maxTokens}`,
    );
  const punishment = softOverlongPunishment(rollout, overlongBuffer);
  const shaped = rewards.map((reward, i) => reward + overlongPenalty * punishment[i]!);
  const flat = byGroup(rollout, (group) => group.map(() => (isFlat(group) ? 1 : 0)));
  const keep = Uint8Array.from(rewards, (_, i) => {
    const cut = overlongFiltering && finished?.[i] === 0;
    return cut || (dynamicSampling && flat[i]) ? 0 : 1;
  });
  return {
    advantages: perToken(groupAdvantages({ ...rollout, rewards: shaped }, 'group'), rollout),
    keep,
    metrics: { kept: mean(keep), 'overlong-punishment': overlongPenalty * mean(punishment) },
  };
}

/**
 * Decoupled clip and dynamic sampling policy optimization: GRPO with
 * - a higher upper bound of the ratio (`clipHigh`), so that unlikely tokens can grow and the entropy does not collapse;
 * - dynamic sampling: prompts that are all right or all wrong are replaced until the batch is full;
 * - a mean over tokens instead of answers (eq. 8), so that long answers weigh as much as they are long;
 * - overlong filtering (masking of cut answers) and shaping (eq. 13), each off unless asked for;
 * - no KL penalty.
 *
 * The function is `grpoLoss`. Differs from the paper: whether a prompt is all right or all wrong is read off the
 * rewards before the punishment, whatever they are.
 */
export const dapo = defineAlgorithm({
  name: 'dapo',
  paper: {
    title: 'DAPO: An Open-Source LLM Reinforcement Learning System at Scale',
    url: 'https://arxiv.org/abs/2503.14476',
    equations: 'eq. 8, 9, 11, 13',
  },
  batch: 'rollout',
  options: dapoOptions,
  needs: (options) => ({
    ...policyNeeds(options),
    refill: options.dynamicSampling ? { maxRounds: options.maxRounds } : undefined,
  }),
  advantages: dapoAdvantages,
  loss: (batch, options) => grpoLoss(batch, { ...options, scaleRewards: 'group' }),
});
