import { type Reward, type RewardRow, scoreAll } from './reward.ts';

/** One of several rewards that are added up. */
export interface WeightedReward {
  /** What its scores are logged as. */
  name: string;
  reward: Reward;
  /** Default 1. */
  weight?: number;
}

/** Scores of several rewards. */
export interface CombinedScores {
  /** Weighted sum, one per completion. */
  total: Float32Array;
  /** Unweighted scores by name. */
  parts: Record<string, Float32Array>;
}

/**
 * Adds rewards up by weight.
 *
 * @returns a function that scores a batch and keeps each reward's own scores for the log
 * @throws when there are none, or two of the same name
 */
export function combine(
  rewards: readonly WeightedReward[],
): (completions: readonly string[], rows: readonly RewardRow[]) => Promise<CombinedScores> {
  if (rewards.length === 0) throw new Error('combine: needs at least one reward');
  const twice = rewards.find(({ name }, i) => rewards.findIndex((other) => other.name === name) !== i);
  if (twice) throw new Error(`combine: two rewards are called ${twice.name}`);
  return async (completions, rows) => {
    const scores = await Promise.all(rewards.map(({ reward }) => scoreAll(reward, completions, rows)));
    const total = Float32Array.from(completions, (_, i) =>
      rewards.reduce((sum, { weight = 1 }, r) => sum + weight * scores[r]![i]!, 0),
    );
    return { total, parts: Object.fromEntries(rewards.map(({ name }, r) => [name, scores[r]!])) };
  };
}
