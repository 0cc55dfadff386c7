import { z } from 'zod';
import { groupAdvantages, type RewardScale } from '../advantages/group.ts';
import type { Needs } from '../definition.ts';
import { type KlEstimator, klEstimators } from '../kl/estimators.ts';
import { type Advantages, perToken, type Rollout } from '../rollout.ts';
import { type Aggregation, aggregationModes } from './aggregation.ts';

/** Options of every policy gradient loss; a method says which aggregation its paper uses. */
export function policyOptions(defaults: { aggregation: Aggregation; klEstimator?: KlEstimator }) {
  return {
    /** How losses of tokens become one number. */
    aggregation: aggregationModes.default(defaults.aggregation),
    /** Divisor of the aggregation `fixed-length`, usually the most tokens an answer may have. */
    fixedLength: z.number().positive().default(1024),
    /** Coefficient of the KL penalty in the loss; 0 needs no reference model. */
    beta: z.number().min(0).default(0),
    /** Estimator of the KL penalty. */
    klEstimator: klEstimators.default(defaults.klEstimator ?? 'k3'),
    /** Weigh the KL penalty with the ratio, so that it stays unbiased off-policy (DeepSeek-V3.2). */
    klImportance: z.boolean().default(false),
    /** Coefficient of the entropy bonus. */
    entropyBonus: z.number().min(0).default(0),
    /**
     * Correction for a sampler whose log-probabilities differ from the trainer's: the loss is weighed with
     * π_old/π_sampler of each token or of the whole answer, cut at `correctionMax` (`truncate`), or 0 beyond (`mask`).
     */
    correction: z
      .enum(['none', 'token-truncate', 'token-mask', 'sequence-truncate', 'sequence-mask'])
      .default('none'),
    /** Largest weight of the correction. */
    correctionMax: z.number().positive().default(3),
    /** Smallest weight of the correction: raised to it (`truncate`), or 0 below (`mask`). */
    correctionMin: z.number().min(0).default(0),
  };
}

/** Options of the clipped surrogate. */
export function clipOptions(defaults: { clipLow: number; clipHigh: number }) {
  return {
    /** The ratio is clipped below at 1 − clipLow. */
    clipLow: z.number().min(0).max(1).default(defaults.clipLow),
    /** The ratio is clipped above at 1 + clipHigh. */
    clipHigh: z.number().min(0).default(defaults.clipHigh),
    /** Dual clip: where the advantage is negative, the ratio is also clipped at this (arXiv 1912.09729; 3 there). */
    dualClip: z.number().gt(1).optional(),
  };
}

/** Options of advantages within the group of answers to a prompt. */
export const groupOptions = {
  /** What centred rewards are divided by: the deviation of their group, of all rewards, or nothing. */
  scaleRewards: z.enum(['group', 'batch', 'none']).default('group'),
};

/** Advantages within the group, the same for every token of an answer. */
export function groupRelative(rollout: Rollout, { scaleRewards }: { scaleRewards: RewardScale }): Advantages {
  return { advantages: perToken(groupAdvantages(rollout, scaleRewards), rollout) };
}

/** Parsed `policyOptions`. */
export type PolicyOptions = z.output<z.ZodObject<ReturnType<typeof policyOptions>>>;
/** Parsed `clipOptions`. */
export type ClipOptions = z.output<z.ZodObject<ReturnType<typeof clipOptions>>>;

/** What the options of a policy gradient loss need. */
export function policyNeeds({ beta, entropyBonus }: Pick<PolicyOptions, 'beta' | 'entropyBonus'>): Needs {
  return { reference: beta > 0, entropy: entropyBonus > 0 };
}

/** The same for methods whose rewards have a KL penalty too. */
export function rewardKlNeeds(
  options: Pick<PolicyOptions, 'beta' | 'entropyBonus'> & { klCoefficient: number },
): Needs {
  const needs = policyNeeds(options);
  return { ...needs, reference: needs.reference || options.klCoefficient > 0 };
}
