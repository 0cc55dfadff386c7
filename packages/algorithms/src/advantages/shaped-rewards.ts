import { nextKlCoefficient, type RewardKlOptions } from '../kl/controllers.ts';
import { klEstimateHost } from '../kl/estimators.ts';
import type { Rollout } from '../rollout.ts';
import { requirePart } from './check-rollout.ts';
import { mean, total } from './statistics.ts';

/** What `shapeRewards` makes of a rollout. */
export interface ShapedRewards {
  /** For each answer one reward per token. */
  rewards: Float64Array[];
  /** `kl/answer`, nats an answer, and `kl/coefficient`; empty without a penalty. */
  metrics: Record<string, number>;
  /** For the next rollout. */
  state?: KlState;
}

/** State of the KL controller between rollouts. */
export interface KlState {
  klCoefficient: number;
}

/**
 * Rewards per token: `−β KLₜ` at every token and the answer's reward at its last (D. Ziegler et al., arXiv 1909.08593
 * eq. 2; PPO, REINFORCE++ and ReMax for language models). The coefficient β is the state's, or at first the option's.
 *
 * @param method named in messages
 * @param scores one per answer, default: the rollout's rewards
 */
export function shapeRewards(
  rollout: Rollout,
  options: RewardKlOptions,
  method: string,
  state?: unknown,
  scores: Float32Array = rollout.rewards,
): ShapedRewards {
  const coefficient = (state as KlState | undefined)?.klCoefficient ?? options.klCoefficient;
  const withScore = (row: Float64Array, i: number) => {
    if (row.length > 0) row[row.length - 1]! += scores[i]!;
    return row;
  };
  if (options.klCoefficient === 0) {
    const zeros = rollout.logProbs.map((tokens) => new Float64Array(tokens.length));
    return { rewards: zeros.map(withScore), metrics: {} };
  }
  const reference = requirePart(rollout, 'refLogProbs', `${method} with klCoefficient > 0`);
  const kl = rollout.logProbs.map((tokens, i) =>
    klEstimateHost(tokens, reference[i]!, options.rewardKlEstimator),
  );
  const measured = { kl: mean(kl.map(total)), answers: kl.length };
  return {
    rewards: kl.map((row, i) =>
      withScore(
        row.map((value) => -coefficient * value),
        i,
      ),
    ),
    metrics: { 'kl/answer': measured.kl, 'kl/coefficient': coefficient },
    state: { klCoefficient: nextKlCoefficient(coefficient, measured, options) },
  };
}
