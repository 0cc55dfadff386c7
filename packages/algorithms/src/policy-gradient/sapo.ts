import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { logRatio } from '../log-ratio.ts';
import { tokenMean } from '../masked.ts';
import { groupOptions, groupRelative, policyNeeds, policyOptions } from './options.ts';
import { policyLoss } from './policy-loss.ts';

/** Options of SAPO. */
export const sapoOptions = z.strictObject({
  ...policyOptions({ aggregation: 'sequence-mean-token-mean' }),
  /** Temperature of the gate where the advantage is positive; higher fades faster. */
  temperaturePositive: z.number().positive().default(1),
  /** Elsewhere; higher, as gradients of unwanted tokens spread over the whole vocabulary. */
  temperatureNegative: z.number().positive().default(1.05),
  ...groupOptions,
});

/** Parsed options of SAPO. */
export type SapoOptions = z.output<typeof sapoOptions>;

/**
 * Soft adaptive policy optimization: `−(4/τ) σ(τ (r − 1)) A`. Where PPO cuts a token's gradient off at a
 * bound, this lets it fade: the gradient's weight is `4 σ (1 − σ) r`, 1 at r = 1.
 *
 * Metrics: those of `policyLoss`; `gate`, the mean of `4 σ (1 − σ)`: 1 when nothing fades.
 */
export function sapoLoss(batch: RolloutBatch, options: SapoOptions): LossResult {
  const { logProbs, oldLogProbs, advantages, mask, totals } = batch;
  const ratio: Tensor2D = tf.exp(logRatio(logProbs, oldLogProbs, mask));
  const temperature: Tensor2D = tf.where(
    tf.greater(advantages, 0),
    tf.fill(advantages.shape, options.temperaturePositive),
    tf.fill(advantages.shape, options.temperatureNegative),
  );
  const gate: Tensor2D = tf.sigmoid(tf.mul(tf.sub(ratio, 1), temperature));
  const soft = tf.div(tf.mul(gate, 4), temperature);
  const open: Tensor2D = tf.mul(tf.mul(gate, tf.sub(1, gate)), 4);
  return policyLoss(
    batch,
    { loss: tf.neg(tf.mul(soft, advantages)), ratio, metrics: { gate: tokenMean(open, mask, totals) } },
    options,
  );
}

/** Soft adaptive policy optimization: `sapoLoss` and `groupAdvantages` as a definition. */
export const sapo = defineAlgorithm({
  name: 'sapo',
  paper: {
    title: 'Soft Adaptive Policy Optimization',
    url: 'https://arxiv.org/abs/2511.20347',
    equations: 'the soft gate',
  },
  batch: 'rollout',
  options: sapoOptions,
  needs: policyNeeds,
  advantages: groupRelative,
  loss: sapoLoss,
});
