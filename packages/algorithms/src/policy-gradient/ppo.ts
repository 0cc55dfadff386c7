import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { checkRollout, requirePart } from '../advantages/check-rollout.ts';
import { explainedVariance } from '../advantages/explained-variance.ts';
import { generalizedAdvantages } from '../advantages/gae.ts';
import { shapeRewards } from '../advantages/shaped-rewards.ts';
import { flatten, mean } from '../advantages/statistics.ts';
import { whiten } from '../advantages/whiten.ts';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult, type Needs } from '../definition.ts';
import { rewardKlOptions } from '../kl/controllers.ts';
import { tokenMean } from '../masked.ts';
import type { Advantages, Rollout } from '../rollout.ts';
import { sftLoss, sftOptions } from '../supervised/sft.ts';
import { clippedSurrogate, share } from './clipped-surrogate.ts';
import { clipOptions, policyOptions, rewardKlNeeds } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of PPO, to be spread into those of methods built on it. */
export const ppoShape = {
  ...policyOptions({ aggregation: 'token-mean' }),
  ...clipOptions({ clipLow: 0.2, clipHigh: 0.2 }),
  ...rewardKlOptions({ klCoefficient: 0.05 }),
  /** Discount of later rewards. */
  gamma: z.number().min(0).max(1).default(1),
  /** λ of generalized advantage estimation. */
  lambda: z.number().min(0).max(1).default(0.95),
  /** Rewards of answers are cut to ± this before the KL penalty is added; undefined: not. */
  rewardClip: z.number().positive().optional(),
  /** Subtracted from the reward of answers that were cut at the most tokens. */
  unfinishedPenalty: z.number().min(0).default(0),
  /** Scale the rewards of tokens to variance 1 over the rollout. */
  whitenRewards: z.boolean().default(false),
  /** Scale advantages to mean 0 and variance 1 over the rollout. */
  whitenAdvantages: z.boolean().default(true),
  /** The critic's values are clipped at ± this around those of the rollout. */
  valueClip: z.number().positive().default(0.2),
  /** Weight of the critic's loss. */
  valueCoefficient: z.number().min(0).default(1),
  /** Weight of the likelihood of texts beside the rollout (PPO-ptx, InstructGPT: 27.8); 0: none. */
  ptxCoefficient: z.number().min(0).default(0),
};

/** Options of PPO. */
export const ppoOptions = z.strictObject(ppoShape);

/** Parsed options of PPO. */
export type PpoOptions = z.output<typeof ppoOptions>;

/**
 * Advantages and returns by generalized advantage estimation from KL-shaped rewards. The coefficient of the KL penalty
 * is carried from rollout to rollout when it adapts.
 *
 * Metrics: `kl/answer`, `kl/coefficient`; `critic/explained-variance`, `critic/values`, `critic/returns` (means over
 * tokens).
 */
export function ppoAdvantages(rollout: Rollout, options: PpoOptions, state?: unknown): Advantages {
  checkRollout(rollout, 'ppo');
  const values = requirePart(rollout, 'values', 'ppo');
  const { rewardClip = Number.POSITIVE_INFINITY, unfinishedPenalty, gamma, lambda } = options;
  const scores = rollout.rewards.map(
    (reward, i) =>
      Math.min(rewardClip, Math.max(-rewardClip, reward)) -
      (rollout.finished?.[i] === 0 ? unfinishedPenalty : 0),
  );
  const shaped = shapeRewards(rollout, options, 'ppo', state, scores);
  const rewards = options.whitenRewards ? whiten(shaped.rewards, { shift: false }) : shaped.rewards;
  const estimates = rewards.map((row, i) => generalizedAdvantages(row, values[i]!, gamma, lambda));
  const raw = estimates.map(({ advantages }) => advantages);
  const returns = estimates.map((estimate) => Float32Array.from(estimate.returns));
  return {
    advantages: options.whitenAdvantages ? whiten(raw) : raw.map((row) => Float32Array.from(row)),
    returns,
    metrics: {
      ...shaped.metrics,
      'critic/explained-variance': explainedVariance(returns, values),
      'critic/values': mean(flatten(values)),
      'critic/returns': mean(flatten(returns)),
    },
    state: shaped.state,
  };
}

/**
 * The critic's clipped loss (L. Engstrom et al., arXiv 2005.12729, "value function clipping"):
 * `½ max((V − G)², (clip(V, V_old ± valueClip) − G)²)`, a mean over tokens.
 * Metrics: `critic/loss`; `critic/clip`, the share of tokens whose gradient the bound stops.
 */
export function valueLoss(batch: RolloutBatch, { valueClip }: Pick<PpoOptions, 'valueClip'>): LossResult {
  const { values, oldValues, returns, mask, totals } = batch;
  if (!values || !oldValues || !returns)
    throw new Error(
      'ppo needs values, oldValues and returns; the batch lacks them: the critic has not been run',
    );
  const near: Tensor2D = tf.add(oldValues, tf.clipByValue(tf.sub(values, oldValues), -valueClip, valueClip));
  const free: Tensor2D = tf.square(tf.sub(values, returns));
  const clipped: Tensor2D = tf.square(tf.sub(near, returns));
  const loss: Scalar = tf.mul(tokenMean(tf.maximum(free, clipped), mask, totals), 0.5);
  return {
    loss,
    metrics: { 'critic/loss': loss, 'critic/clip': share(tf.greater(clipped, free), mask, totals) },
  };
}

/**
 * Proximal policy optimization for language models: the clipped surrogate (eq. 7 of the paper) with optional dual clip,
 * an entropy bonus, the critic's clipped loss, and the negative log-likelihood of other texts (PPO-ptx, InstructGPT,
 * arXiv 2203.02155 eq. 2). The KL penalty is part of the rewards, see `ppoAdvantages`.
 *
 * Metrics: those of `policyLoss`, `clippedSurrogate` and `valueLoss`; `policy/loss`; `ptx/loss`, when there is one.
 */
export function ppoLoss(batch: RolloutBatch, options: PpoOptions): LossResult {
  const policy = policyLoss(batch, clippedSurrogate(batch, options), options);
  const critic = valueLoss(batch, options);
  const metrics = { ...policy.metrics, ...critic.metrics, 'policy/loss': policy.loss };
  const loss: Scalar = tf.add(policy.loss, tf.mul(critic.loss, options.valueCoefficient));
  if (options.ptxCoefficient === 0) return { loss, metrics };
  if (!batch.supervised)
    throw new Error('ppo: ptxCoefficient > 0 needs texts beside the rollout; the batch has none');
  const ptx = sftLoss(batch.supervised, sftOptions.parse({})).loss;
  return {
    loss: tf.add(loss, tf.mul(ptx, options.ptxCoefficient)),
    metrics: { ...metrics, 'ptx/loss': ptx },
  };
}

/** What PPO needs: a critic, and a reference where there is a KL penalty. */
export function ppoNeeds(options: PpoOptions): Needs {
  return {
    ...rewardKlNeeds(options),
    critic: true,
    beside: options.ptxCoefficient > 0 ? ['supervised'] : [],
  };
}

/** Proximal policy optimization: `ppoLoss` and `ppoAdvantages` as a definition. */
export const ppo = defineAlgorithm({
  name: 'ppo',
  paper: {
    title: 'Proximal Policy Optimization Algorithms',
    url: 'https://arxiv.org/abs/1707.06347',
    equations: 'eq. 7, 9, 11',
  },
  batch: 'rollout',
  options: ppoOptions,
  needs: ppoNeeds,
  advantages: ppoAdvantages,
  loss: ppoLoss,
});
