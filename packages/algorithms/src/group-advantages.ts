import type { Rollout } from './rollout.ts';

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
  if (groupSize < 2)
    throw new Error(`group advantages need groupSize >= 2 answers a prompt, found ${groupSize}`);
  if (rewards.length % groupSize !== 0)
    throw new Error(`${rewards.length} rewards do not divide into groups of groupSize ${groupSize}`);
  const bad = rewards.findIndex((reward) => !Number.isFinite(reward));
  if (bad >= 0) throw new Error(`reward ${bad} must be finite, found ${rewards[bad]}`);

  const advantages = new Float32Array(rewards.length);
  const batchDeviation = standardDeviation(rewards);
  for (let start = 0; start < rewards.length; start += groupSize) {
    const group = rewards.subarray(start, start + groupSize);
    const deviation = { group: standardDeviation(group), batch: batchDeviation, none: 1 - EPSILON }[scale];
    const center = mean(group);
    const equal = group.every((reward) => reward === group[0]);
    group.forEach((reward, i) => {
      advantages[start + i] = equal ? 0 : (reward - center) / (deviation + EPSILON);
    });
  }
  return advantages;
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardDeviation(values: Float32Array): number {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
