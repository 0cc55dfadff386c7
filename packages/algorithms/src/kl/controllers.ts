import { z } from 'zod';

/** Options of the KL penalty that is part of the rewards. */
export function rewardKlOptions(defaults: { klCoefficient: number }) {
  return {
    /** Coefficient of the KL penalty in the rewards; 0 needs no reference model. The first value, when it adapts. */
    klCoefficient: z.number().min(0).default(defaults.klCoefficient),
    /** Estimator of that penalty. */
    rewardKlEstimator: z.enum(['k1', 'k2', 'k3']).default('k1'),
    /** Whether the coefficient stays, or follows `klTarget`. */
    klController: z.enum(['fixed', 'adaptive']).default('fixed'),
    /** The KL divergence of an answer that the adaptive controller aims at, in nats. */
    klTarget: z.number().positive().default(6),
    /** Answers over which the adaptive controller corrects a deviation. */
    klHorizon: z.number().positive().default(10_000),
  };
}

/** Parsed `rewardKlOptions`. */
export type RewardKlOptions = z.output<z.ZodObject<ReturnType<typeof rewardKlOptions>>>;

/** Most by which one update heeds the relative deviation. */
const MOST_ERROR = 0.2;

/**
 * The coefficient for the next rollout. `fixed`: the same. `adaptive`: a proportional controller in log space
 * (D. Ziegler et al., arXiv 1909.08593 section 2.2): with e = clip(kl/target − 1, ±0.2), `coefficient (1 + e n/horizon)`.
 *
 * @param kl measured: mean over answers, in nats
 * @param answers answers of the rollout, n
 */
export function nextKlCoefficient(
  coefficient: number,
  { kl, answers }: { kl: number; answers: number },
  { klController, klTarget, klHorizon }: RewardKlOptions,
): number {
  if (klController === 'fixed') return coefficient;
  const error = Math.min(MOST_ERROR, Math.max(-MOST_ERROR, kl / klTarget - 1));
  return coefficient * (1 + (error * answers) / klHorizon);
}
