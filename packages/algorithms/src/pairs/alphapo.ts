import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceMeans } from '../masked.ts';
import { marginLoss, simpoOptionFields } from './simpo.ts';

/** Exponents are cut here: e⁴⁰ = 2e17. */
const MAX_EXPONENT = 40;

/** Options of AlphaPO. */
export const alphapoOptions = z.strictObject({
  ...simpoOptionFields,
  /**
   * Shape of the reward. 0 is SimPO's logarithm; above 0 the reward of ever less likely answers falls ever faster,
   * below 0 ever slower.
   */
  alpha: z.number().min(-10).max(10).default(0.25),
});

/** Parsed options of AlphaPO. */
export type AlphapoOptions = z.output<typeof alphapoOptions>;

/**
 * AlphaPO: SimPO with the reward `(1 − p^(−α)) / α` of the length-normalised probability `p = exp(mean log π)` in
 * place of `log p`, to which it tends as α → 0. The exponent is cut at 40; beyond, the gradient is 0.
 *
 * Metrics: those of `pairMetrics` with rewards β (1 − p^(−α)) / α.
 */
export function alphapoLoss(batch: PairwiseBatch, options: AlphapoOptions): LossResult {
  const reward = ({ logProbs, mask }: SequenceLogProbs) =>
    alphaReward(sequenceMeans(logProbs, mask), options.alpha);
  return marginLoss(batch, reward(batch.chosen), reward(batch.rejected), options, 'alphapo');
}

/** (1 − p^(−α)) / α of log p, `[batch]`. */
export function alphaReward(logP: Tensor1D, alpha: number): Tensor1D {
  if (alpha === 0) return logP;
  return tf.div(tf.expm1(tf.minimum(tf.mul(logP, -alpha), MAX_EXPONENT)), -alpha);
}

/** AlphaPO: `alphapoLoss` as a definition. */
export const alphapo = defineAlgorithm({
  name: 'alphapo',
  paper: {
    title: 'AlphaPO: Reward Shape Matters for LLM Alignment',
    url: 'https://arxiv.org/abs/2501.03884',
    equations: 'section 3, the AlphaPO reward and objective',
  },
  batch: 'pairwise',
  options: alphapoOptions,
  loss: alphapoLoss,
});
