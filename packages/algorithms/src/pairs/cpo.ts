import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { smoothedLogLoss } from '../log-sigmoid.ts';
import { sequenceMeans, sequenceSums } from '../masked.ts';
import { chosenNll } from './chosen-nll.ts';
import { pairMean, pairMetrics } from './pair-metrics.ts';

/** Options of CPO. */
export const cpoOptions = z
  .strictObject({
    /** Temperature of the implied reward β log π. */
    beta: z.number().positive().default(0.1),
    /** `sigmoid` is the paper's; `hinge` is SLiC without a reference; `ipo` takes means over tokens. */
    variant: z.enum(['sigmoid', 'hinge', 'ipo']).default('sigmoid'),
    /** Share of labels assumed flipped; only for `sigmoid`. */
    labelSmoothing: z.number().min(0).lt(0.5).default(0),
    /** Weight of the negative log-likelihood of the chosen answers, which holds the policy near them. */
    alpha: z.number().min(0).default(1),
  })
  .refine(({ variant, labelSmoothing }) => variant === 'sigmoid' || labelSmoothing === 0, {
    message: 'labelSmoothing goes with variant sigmoid alone',
    path: ['labelSmoothing'],
  });

/** Parsed options of CPO. */
export type CpoOptions = z.output<typeof cpoOptions>;

/**
 * Contrastive preference optimization: DPO with a uniform reference, which drops out, and the negative log-likelihood
 * of the chosen answers: `−log σ(β log π(chosen) − β log π(rejected)) + α NLL(chosen)`.
 *
 * Differs from the paper as TRL does: the NLL is a mean over the step's chosen tokens, not a sum over each answer.
 *
 * Metrics: those of `pairMetrics` with rewards β log π; `nll`.
 */
export function cpoLoss(
  batch: PairwiseBatch,
  { beta, variant, labelSmoothing, alpha }: CpoOptions,
): LossResult {
  const logProbs = variant === 'ipo' ? sequenceMeans : sequenceSums;
  const chosen = logProbs(batch.chosen.logProbs, batch.chosen.mask);
  const rejected = logProbs(batch.rejected.logProbs, batch.rejected.mask);
  const h: Tensor1D = tf.sub(chosen, rejected);
  const perPair: Tensor1D = {
    sigmoid: () => smoothedLogLoss(tf.mul(h, beta), labelSmoothing),
    hinge: () => tf.relu(tf.sub(1, tf.mul(h, beta))) as Tensor1D,
    ipo: () => tf.square(tf.sub(h, 1 / (2 * beta))) as Tensor1D,
  }[variant]();
  const nll = chosenNll(batch, 'cpo');
  return {
    loss: tf.add(pairMean(perPair, batch), tf.mul(nll, alpha)),
    metrics: { ...pairMetrics(tf.mul(chosen, beta), tf.mul(rejected, beta), batch), nll },
  };
}

/** Contrastive preference optimization: `cpoLoss` as a definition. */
export const cpo = defineAlgorithm({
  name: 'cpo',
  paper: {
    title:
      'Contrastive Preference Optimization: Pushing the Boundaries of LLM Performance in Machine Translation',
    url: 'https://arxiv.org/abs/2401.08417',
    equations: 'eq. 3 to 5',
  },
  batch: 'pairwise',
  options: cpoOptions,
  loss: cpoLoss,
});
