import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { RolloutBatch } from './batches.ts';
import { defineAlgorithm, type LossResult } from './definition.ts';
import { groupAdvantages } from './group-advantages.ts';
import { klEstimate } from './kl.ts';
import { logRatio } from './log-ratio.ts';
import { aggregate, tokenMean } from './masked.ts';
import { perToken } from './rollout.ts';

/** Options of GRPO. */
export const grpoOptions = z.strictObject({
  /** Coefficient of the KL penalty; 0 needs no reference model. The paper uses 0.04. */
  beta: z.number().min(0).default(0),
  /** The ratio is clipped below at 1 − clipLow. */
  clipLow: z.number().min(0).max(1).default(0.2),
  /** The ratio is clipped above at 1 + clipHigh; DAPO's "clip-higher" is 0.28. */
  clipHigh: z.number().min(0).default(0.2),
  /** Estimator of the KL penalty. */
  klEstimator: z.enum(['k1', 'k2', 'k3']).default('k3'),
  /** What centred rewards are divided by; `none` is Dr. GRPO's. */
  scaleRewards: z.enum(['group', 'batch', 'none']).default('group'),
  /** `token-mean` is DAPO's, `sequence-mean` the GRPO paper's, `sequence-sum` Dr. GRPO's. */
  aggregation: z.enum(['token-mean', 'sequence-mean', 'sequence-sum']).default('token-mean'),
  /** Divisor of `sequence-sum`, usually the most tokens an answer may have. */
  lengthNorm: z.number().positive().default(1024),
});

/** Parsed options of GRPO. */
export type GrpoOptions = z.output<typeof grpoOptions>;

/**
 * Group relative policy optimization. With r = π(token)/π_old(token) and advantage A, each token's loss is
 * `−min(r A, clip(r, 1 − clipLow, 1 + clipHigh) A) + β KL(π ‖ π_ref)`.
 *
 * Differs from the paper in its defaults: every token weighs the same (DAPO), and there is no KL penalty.
 * Log-ratios are cut at ±20, so that no exponential overflows.
 *
 * Metrics, means over tokens: `ratio`; `clip/low` and `clip/high`, the shares of tokens whose gradient the lower
 * and the upper bound stop; `kl`, when there is a reference.
 */
export function grpoLoss(batch: RolloutBatch, options: GrpoOptions): LossResult {
  const { logProbs, oldLogProbs, refLogProbs, advantages, mask, totals } = batch;
  const ratio: Tensor2D = tf.exp(logRatio(logProbs, oldLogProbs, mask));
  const low = 1 - options.clipLow;
  const high = 1 + options.clipHigh;
  const gain: Tensor2D = tf.minimum(
    tf.mul(ratio, advantages),
    tf.mul(tf.clipByValue(ratio, low, high), advantages),
  );
  let tokenLoss: Tensor2D = tf.neg(gain);

  const stoppedLow: Tensor2D = tf.logicalAnd(tf.less(ratio, low), tf.less(advantages, 0));
  const stoppedHigh: Tensor2D = tf.logicalAnd(tf.greater(ratio, high), tf.greater(advantages, 0));
  const metrics: LossResult['metrics'] = {
    ratio: tokenMean(ratio, mask, totals),
    'clip/low': tokenMean(tf.cast(stoppedLow, 'float32'), mask, totals),
    'clip/high': tokenMean(tf.cast(stoppedHigh, 'float32'), mask, totals),
  };

  if (options.beta > 0) {
    if (!refLogProbs)
      throw new Error('grpo: beta > 0 needs refLogProbs; the reference model has not been run');
    const kl = klEstimate(logProbs, refLogProbs, mask, options.klEstimator);
    tokenLoss = tf.add(tokenLoss, tf.mul(kl, options.beta));
    metrics.kl = tokenMean(kl, mask, totals);
  }
  return { loss: aggregate(tokenLoss, mask, totals, options.aggregation, options.lengthNorm), metrics };
}

/** Group relative policy optimization: `grpoLoss` and `groupAdvantages` as a definition. */
export const grpo = defineAlgorithm({
  name: 'grpo',
  paper: {
    title: 'DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models',
    url: 'https://arxiv.org/abs/2402.03300',
    equations: 'eq. 3, 4',
  },
  batch: 'rollout',
  options: grpoOptions,
  needs: ({ beta }) => ({ reference: beta > 0 }),
  advantages: (rollout, { scaleRewards }) => ({
    advantages: perToken(groupAdvantages(rollout, scaleRewards), rollout),
  }),
  loss: grpoLoss,
});
