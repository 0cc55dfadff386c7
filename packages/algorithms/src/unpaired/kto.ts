import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { UnpairedBatch } from '../batches.ts';
import { type Coupling, defineAlgorithm, type LossResult } from '../definition.ts';
import { coupled, required, sequenceLogRatios } from '../sequences.ts';
import { byJudgement, unpairedMean, unpairedMetrics } from './unpaired-metrics.ts';

/** Options of KTO. */
export const ktoOptions = z.strictObject({
  /** How risk-averse the value function is: the strength of the pull towards the reference model. */
  beta: z.number().positive().default(0.1),
  /**
   * Weight of the desirable examples' losses (λ_D). Where the two kinds are out of balance, the paper advises weights
   * with `desirableWeight · desirable : undesirableWeight · undesirable` between 1 and 4/3.
   */
  desirableWeight: z.number().positive().default(1),
  /** Weight of the undesirable examples' losses (λ_U). */
  undesirableWeight: z.number().positive().default(1),
});

/** Parsed options of KTO. */
export type KtoOptions = z.output<typeof ktoOptions>;

/**
 * The zero point of KTO: max(0, mean of log(π/π_ref) over answers to other prompts of the step), an estimate of
 * KL(π ‖ π_ref). It is a number of the whole step, and a constant.
 */
export const ktoCoupling: Coupling<'unpaired', KtoOptions> = {
  measure: ({ mismatched }) => ({
    mismatchedRatio: sequenceLogRatios(required(mismatched, 'kto', 'mismatched answers'), 'kto'),
  }),
  combine: ({ mismatchedRatio }) => {
    const count = mismatchedRatio!.length;
    if (count < 2)
      throw new Error(
        `kto: a step needs at least 2 examples, found ${count}: the zero point is estimated from answers to other ` +
          "prompts of the step, and a single example has none (it would be matched with itself); raise the recipe's " +
          'batch size, micro-batches may still hold 1',
      );
    const mean = mismatchedRatio!.reduce((sum, ratio) => sum + ratio, 0) / count;
    return { coupled: { zeroPoint: new Float32Array(count).fill(Math.max(0, mean)) } };
  },
};

/**
 * Kahneman-Tversky optimization, from single answers judged desirable or not. With r = log(π/π_ref) and the zero point
 * z₀ of `ktoCoupling` (eq. 7):
 * - desirable: λ_D (1 − σ(β (r − z₀)))
 * - undesirable: λ_U (1 − σ(β (z₀ − r)))
 *
 * The mean over all examples of the step. Differs from TRL: z₀ is estimated over the whole step, not a micro-batch, so
 * that accumulation is exact.
 *
 * Metrics: `kl` (z₀), mean rewards β r of both kinds and their difference.
 */
export function ktoLoss(batch: UnpairedBatch, options: KtoOptions): LossResult {
  const { beta, desirableWeight, undesirableWeight } = options;
  const ratio = sequenceLogRatios(batch, 'kto');
  const zeroPoint = coupled(batch, 'kto', 'zeroPoint');
  const gain: Tensor1D = tf.mul(tf.sub(ratio, zeroPoint), beta);
  // 1 − σ(x) = σ(−x)
  const perExample = byJudgement(
    batch,
    tf.mul(tf.sigmoid(tf.neg(gain)), desirableWeight),
    tf.mul(tf.sigmoid(gain), undesirableWeight),
  );
  return {
    loss: unpairedMean(perExample, batch),
    metrics: {
      kl: unpairedMean(zeroPoint, { ...batch, weights: undefined }),
      ...unpairedMetrics(tf.mul(ratio, beta), batch, 'kto'),
    },
  };
}

/** Kahneman-Tversky optimization: `ktoLoss` as a definition. */
export const kto = defineAlgorithm({
  name: 'kto',
  paper: {
    title: 'KTO: Model Alignment as Prospect Theoretic Optimization',
    url: 'https://arxiv.org/abs/2402.01306',
    equations: 'eq. 7 and section 4',
  },
  batch: 'unpaired',
  options: ktoOptions,
  needs: () => ({ reference: true, mismatched: true, leastExamples: 2 }),
  coupling: ktoCoupling,
  loss: ktoLoss,
});
