import type { Failure } from '../failure.ts';
import type { CompletionInfo, Reward, RewardRow } from '../reward.ts';
import { scoreAll } from '../score.ts';
import { type ClipRange, clip, standardize } from './scale.ts';

/** One of several rewards that are added up. */
export interface WeightedReward {
  /** What its scores are logged as. */
  name: string;
  reward: Reward;
  /** Default 1. */
  weight?: number;
  /** Bounds of the score, applied before the weight. Default: none. */
  clip?: ClipRange;
  /**
   * Column of the row that names a domain: scores are standardised by the mean and deviation of their domain in the batch
   * before they are clipped and weighted, so that a domain with large scores does not drown another. Default: as they are.
   */
  standardizeBy?: string;
  /** Score where the reward fails. Default: the mean of its other scores of the same row, which teaches nothing. */
  fallback?: number;
  /** Milliseconds that it may take for one completion. Default 600,000. */
  timeoutMs?: number;
  /** Completions it scores at a time. Default 64. */
  concurrency?: number;
}

/** Scores of several rewards. Every number in it is finite. */
export interface CombinedScores {
  /** Weighted sum, one per completion. */
  total: Float32Array;
  /** Unweighted scores by name; where a reward failed, what stands in for its score. */
  parts: Record<string, Float32Array>;
  /** 1 for each completion whose rewards all gave a score (or have a fallback); do not train on the others. */
  scored: Uint8Array;
  /** Every failure, by completion. */
  failures: Failure[];
}

/** Scores a batch. Completions to the same prompt share one row object. */
export type CombinedReward = (
  completions: readonly string[],
  rows: readonly RewardRow[],
  infos?: readonly CompletionInfo[],
) => Promise<CombinedScores>;

/**
 * Adds rewards up by weight. A reward that fails on a completion (throws, takes too long, gives NaN) neither ends the
 * run nor is learnt from: the failure is listed, and a neutral score stands in.
 *
 * @returns a function that scores a batch and keeps each reward's own scores for the log
 * @throws when there are none, two of the same name, or a weight is not finite
 */
export function combine(rewards: readonly WeightedReward[]): CombinedReward {
  if (rewards.length === 0) throw new Error('combine: needs at least one reward');
  const twice = rewards.find(({ name }, i) => rewards.findIndex((other) => other.name === name) !== i);
  if (twice) throw new Error(`combine: two rewards are called ${twice.name}`);
  for (const { name, weight = 1, fallback = 0 } of rewards)
    if (!Number.isFinite(weight) || !Number.isFinite(fallback))
      throw new Error(`combine: weight and fallback of ${name} must be finite, found ${weight}, ${fallback}`);

  return async (completions, rows, infos) => {
    const results = await Promise.all(
      rewards.map(({ name, reward, timeoutMs, concurrency }) =>
        scoreAll(reward, completions, rows, { name, infos, timeoutMs, concurrency }),
      ),
    );
    const scored = new Uint8Array(completions.length).fill(1);
    for (const [r, { failures }] of results.entries())
      if (rewards[r]!.fallback === undefined) for (const { index } of failures) scored[index] = 0;
    const parts = results.map(({ values }, r) => fillIn(values, rows, rewards[r]!.fallback));
    const scaled = parts.map((values, r) => {
      const { standardizeBy, clip: range } = rewards[r]!;
      const raw = results[r]!.values;
      return clip(
        standardizeBy === undefined ? values : standardize(values, rows, standardizeBy, raw),
        range,
      );
    });
    const total = Float32Array.from(completions, (_, i) =>
      rewards.reduce((sum, { weight = 1 }, r) => sum + weight * scaled[r]![i]!, 0),
    );
    return {
      total,
      parts: Object.fromEntries(rewards.map(({ name }, r) => [name, parts[r]!])),
      scored,
      failures: results.flatMap(({ failures }) => failures).sort((a, b) => a.index - b.index),
    };
  };
}

/** Replaces NaN by the fallback, or by the mean of the scores of the same row, else of all, else 0. */
function fillIn(values: Float32Array, rows: readonly RewardRow[], fallback?: number): Float32Array {
  if (!values.some(Number.isNaN)) return values;
  const mean = (list: Float32Array) => {
    const finite = list.filter((value) => !Number.isNaN(value));
    return finite.length ? finite.reduce((sum, value) => sum + value, 0) / finite.length : undefined;
  };
  return values.map((value, i) => {
    if (!Number.isNaN(value)) return value;
    return fallback ?? mean(values.filter((_, j) => rows[j] === rows[i])) ?? mean(values) ?? 0;
  });
}
