import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { UnpairedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { scoreAtFirst } from '../sequence-scores.ts';
import { required, sequenceLogRatios } from '../sequences.ts';
import { stopGradient } from '../stop-gradient.ts';
import { unpairedMean } from './unpaired-metrics.ts';

/** Options of DRO. */
export const droOptions = z.strictObject({
  /** Strength of the pull towards the reference model. The paper takes 1. */
  tau: z.number().positive().default(1),
  /** Weight of the value's loss beside the policy's. */
  valueWeight: z.number().positive().default(1),
});

/** Parsed options of DRO. */
export type DroOptions = z.output<typeof droOptions>;

/**
 * Direct reward optimization (DRO-V): a reward of each answer by itself, any number, is regressed by the policy's
 * log-ratio and a value of the prompt, which a head on the policy learns. With ρ = log(π/π_ref) and the residual
 * δ = r − V(x) − τ ρ:
 * - policy: δ² / (2τ), the value as a constant. Its gradient is `−(r − V) ∇log π + τ/2 ∇ρ²`.
 * - value: δ² / 2, the policy as a constant.
 *
 * Differs from the paper: one model with a head instead of two networks.
 *
 * Metrics: `reward`, `value` and `log-ratio`, means over examples; `residual`, the mean of δ².
 */
export function droLoss(batch: UnpairedBatch, { tau, valueWeight }: DroOptions): LossResult {
  const { desirable: rewards, scores, mask } = batch;
  const ratio = sequenceLogRatios(batch, 'dro');
  const value = scoreAtFirst(required(scores, 'dro', 'scores of the value head'), mask);
  const residual = (v: Tensor1D, rho: Tensor1D): Tensor1D => tf.sub(tf.sub(rewards, v), tf.mul(rho, tau));
  const policyLoss: Tensor1D = tf.div(tf.square(residual(stopGradient(value), ratio)), 2 * tau);
  const valueLoss: Tensor1D = tf.div(tf.square(residual(value, stopGradient(ratio))), 2 / valueWeight);
  const mean = (values: Tensor1D) => unpairedMean(values, { ...batch, weights: undefined });
  return {
    loss: unpairedMean(tf.add(policyLoss, valueLoss), batch),
    metrics: {
      reward: mean(rewards),
      value: mean(value),
      'log-ratio': mean(ratio),
      residual: mean(tf.square(residual(value, ratio))),
    },
  };
}

/** Direct reward optimization: `droLoss` as a definition. */
export const dro = defineAlgorithm({
  name: 'dro',
  paper: {
    title: 'Offline Regularised Reinforcement Learning for Large Language Models Alignment',
    url: 'https://arxiv.org/abs/2405.19107',
    equations: 'the algorithm DRO-V',
  },
  batch: 'unpaired',
  options: droOptions,
  needs: () => ({ reference: true, head: 'before' }),
  loss: droLoss,
});
