import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { smoothedLogLoss } from '../log-sigmoid.ts';
import { sequenceMeans } from '../masked.ts';
import { chosenNll } from './chosen-nll.ts';
import { pairMean, pairMetrics } from './pair-metrics.ts';

/** Options that SimPO and AlphaPO share. */
export const simpoOptionFields = {
  /** Temperature of the implied reward. The paper uses 2.0 to 10. */
  beta: z.number().positive().default(2),
  /** By how much the chosen answer's reward should exceed the rejected one's; the paper takes 0.3 to 1.6. */
  gamma: z.number().min(0).default(1),
  /** Share of labels assumed flipped. */
  labelSmoothing: z.number().min(0).lt(0.5).default(0),
  /** Weight of the negative log-likelihood of the chosen answers (CPO-SimPO); 0 is the paper's. */
  sft: z.number().min(0).default(0),
};

/** Options of SimPO. */
export const simpoOptions = z.strictObject(simpoOptionFields);

/** Parsed options of SimPO. */
export type SimpoOptions = z.output<typeof simpoOptions>;

/**
 * Simple preference optimization: no reference model, log-probabilities averaged over each answer's tokens, and a
 * target margin: `−log σ(β (mean log π(chosen) − mean log π(rejected)) − γ)`.
 *
 * Metrics: those of `pairMetrics` with rewards β mean log π; `nll` when `sft` is above 0.
 */
export function simpoLoss(batch: PairwiseBatch, options: SimpoOptions): LossResult {
  const { chosen, rejected } = batch;
  return marginLoss(
    batch,
    sequenceMeans(chosen.logProbs, chosen.mask),
    sequenceMeans(rejected.logProbs, rejected.mask),
    options,
    'simpo',
  );
}

/** SimPO's loss of given rewards, before β; `[batch]` each. */
export function marginLoss(
  batch: PairwiseBatch,
  chosen: Tensor1D,
  rejected: Tensor1D,
  { beta, gamma, labelSmoothing, sft }: SimpoOptions,
  algorithm: string,
): LossResult {
  const z: Tensor1D = tf.sub(tf.mul(tf.sub(chosen, rejected), beta), gamma);
  const preference = pairMean(smoothedLogLoss(z, labelSmoothing), batch);
  const metrics = pairMetrics(tf.mul(chosen, beta), tf.mul(rejected, beta), batch);
  if (sft === 0) return { loss: preference, metrics };
  const nll = chosenNll(batch, algorithm);
  return { loss: tf.add(preference, tf.mul(nll, sft)), metrics: { ...metrics, nll } };
}

/** Simple preference optimization: `simpoLoss` as a definition. */
export const simpo = defineAlgorithm({
  name: 'simpo',
  paper: {
    title: 'SimPO: Simple Preference Optimization with a Reference-Free Reward',
    url: 'https://arxiv.org/abs/2405.14734',
    equations: 'eq. 6',
  },
  batch: 'pairwise',
  options: simpoOptions,
  loss: simpoLoss,
});
