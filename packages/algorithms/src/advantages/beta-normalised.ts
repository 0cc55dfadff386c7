import type { Rollout } from '../rollout.ts';
import { checkRollout } from './check-rollout.ts';
import { byGroup } from './group.ts';
import { mean, sampleVariance } from './statistics.ts';

/** The range of rewards, which becomes 0 to 1. */
export interface RewardRange {
  rewardMin: number;
  rewardMax: number;
}

/** Most by which an advantage is scaled. */
const MOST_WEIGHT = 1e6;

/**
 * Advantages normalised by a Beta distribution (BNPO, arXiv 2506.02864). With p the mean reward of a prompt's answers:
 * `(r − p) / Beta(p; 1 + a/3, 1 + b/3)`, where Beta(a, b) is fitted to the p of all prompts by their mean and variance.
 * These parameters make the variance of the gradient smallest; Beta(1, 1) would be REINFORCE with a baseline and
 * Beta(3/2, 3/2) GRPO. As in the authors' code parameters are at least 1 and the scale at most 1e6; with fewer than two
 * prompts, or prompts that are all as hard, there is nothing to fit and the scale is 1.
 *
 * @returns one advantage per answer, and the parameters
 * @throws when `groupSize` is below 2, or a reward is outside of its range
 */
export function betaNormalisedAdvantages(
  { rewards, groupSize }: Pick<Rollout, 'rewards' | 'groupSize'>,
  { rewardMin, rewardMax }: RewardRange,
): { advantages: Float32Array; alpha: number; beta: number } {
  checkRollout({ rewards, groupSize }, 'bnpo', 2);
  const outside = rewards.findIndex((reward) => reward < rewardMin || reward > rewardMax);
  if (outside >= 0)
    throw new Error(
      `bnpo: reward ${outside} is ${rewards[outside]}, outside of rewardMin ${rewardMin} to rewardMax ${rewardMax}`,
    );
  const scaled = rewards.map((reward) => (reward - rewardMin) / (rewardMax - rewardMin));
  const means = Float64Array.from({ length: scaled.length / groupSize }, (_, prompt) =>
    mean(scaled.subarray(prompt * groupSize, (prompt + 1) * groupSize)),
  );
  const center = mean(means);
  const variance = sampleVariance(means);
  const size = variance > 0 ? (center * (1 - center)) / variance - 1 : 0;
  const alpha = Math.max(1, 1 + (size * center) / 3);
  const beta = Math.max(1, 1 + (size * (1 - center)) / 3);
  const advantages = byGroup({ rewards: scaled, groupSize }, (group, prompt) => {
    const p = means[prompt]!;
    const weight = Math.min(MOST_WEIGHT, 1 / betaDensity(p, alpha, beta));
    return group.map((reward) => weight * (reward - p));
  });
  return { advantages, alpha, beta };
}

/** Density of the Beta distribution, for parameters of at least 1. */
export function betaDensity(p: number, alpha: number, beta: number): number {
  const log = (factor: number, x: number) => (factor === 0 ? 0 : factor * Math.log(x));
  const norm = logGamma(alpha) + logGamma(beta) - logGamma(alpha + beta);
  return Math.exp(log(alpha - 1, p) + log(beta - 1, 1 - p) - norm);
}

/** ln Γ(x) for x > 0: Stirling's series beyond 8, reached by Γ(x + 1) = x Γ(x). Exact to about 1e-12. */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  for (; y < 8; y++) shift += Math.log(y);
  const inverse = 1 / (y * y);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
