import type { Rollout } from '../rollout.ts';
import { checkRollout } from './check-rollout.ts';
import { mean, sampleVariance } from './statistics.ts';

/**
 * What a centred reward is divided by.
 * - `group`: the standard deviation of its group (GRPO).
 * - `batch`: the standard deviation of all rewards of the batch.
 * - `none`: nothing (Dr. GRPO: dividing by the group's deviation favours very easy and very hard prompts).
 */
export type RewardScale = 'group' | 'batch' | 'none';

/** Keeps a group of equal rewards, whose deviation is 0, at advantage 0. */
const EPSILON = 1e-4;

/**
 * Advantages relative to the group of answers to the same prompt (GRPO, arXiv 2402.03300 section 4.1.2):
 * `(r − mean(group)) / (std + 1e-4)`, with the sample standard deviation (n − 1).
 * A group whose rewards are all equal gets advantages of exactly 0.
 *
 * @param rewards one per answer, answers of one prompt adjacent: `[prompts * groupSize]`
 * @returns one advantage per answer, in the same order
 * @throws when `groupSize` is below 2, does not divide the number of rewards, or a reward is not finite
 */
export function groupAdvantages(
  { rewards, groupSize }: Pick<Rollout, 'rewards' | 'groupSize'>,
  scale: RewardScale,
): Float32Array {
  checkRollout({ rewards, groupSize }, 'a group advantage', 2);
  const batchDeviation = Math.sqrt(sampleVariance(rewards));
  return byGroup({ rewards, groupSize }, (group) => {
    const deviation = {
      group: Math.sqrt(sampleVariance(group)),
      batch: batchDeviation,
      none: 1 - EPSILON,
    }[scale];
    const center = mean(group);
    const flat = isFlat(group);
    return group.map((reward) => (flat ? 0 : (reward - center) / (deviation + EPSILON)));
  });
}

/** Applies a function to the rewards of each prompt. */
export function byGroup(
  { rewards, groupSize }: Pick<Rollout, 'rewards' | 'groupSize'>,
  f: (group: Float32Array, prompt: number) => ArrayLike<number>,
): Float32Array {
  const result = new Float32Array(rewards.length);
  for (let start = 0; start < rewards.length; start += groupSize)
    result.set(f(rewards.subarray(start, start + groupSize), start / groupSize), start);
  return result;
}

/** Whether all answers of a group are worth the same, so that nothing can be learned by comparing them. */
export function isFlat(group: Float32Array): boolean {
  return group.every((reward) => reward === group[0]);
}
