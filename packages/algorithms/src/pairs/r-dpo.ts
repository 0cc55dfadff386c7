import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PairwiseBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { smoothedLogLoss } from '../log-sigmoid.ts';
import { lengths, sequenceLogRatios } from '../sequences.ts';
import { pairMean, pairMetrics } from './pair-metrics.ts';

/** Options of R-DPO. */
export const rDpoOptions = z.strictObject({
  /** Strength of the pull towards the reference model. */
  beta: z.number().positive().default(0.1),
  /** What a token more of length is taken to be worth to the annotators; the paper uses 0.005 to 0.05. */
  alpha: z.number().min(0).default(0.01),
});

/** Parsed options of R-DPO. */
export type RDpoOptions = z.output<typeof rDpoOptions>;

/**
 * R-DPO, DPO regularised in length: `−log σ(β h + α (|chosen| − |rejected|))`, with DPO's difference of log-ratios h.
 * A chosen answer that is longer owes a part of its preference to its length, and so the policy needs to learn less.
 * α = 0 is DPO.
 *
 * Metrics: those of `pairMetrics` with DPO's rewards; `length-difference`, mean tokens of chosen minus rejected.
 */
export function rDpoLoss(batch: PairwiseBatch, { beta, alpha }: RDpoOptions): LossResult {
  const chosen: Tensor1D = tf.mul(sequenceLogRatios(batch.chosen, 'r-dpo'), beta);
  const rejected: Tensor1D = tf.mul(sequenceLogRatios(batch.rejected, 'r-dpo'), beta);
  const longer: Tensor1D = tf.sub(lengths(batch.chosen.mask), lengths(batch.rejected.mask));
  const z: Tensor1D = tf.add(tf.sub(chosen, rejected), tf.mul(longer, alpha));
  return {
    loss: pairMean(smoothedLogLoss(z), batch),
    metrics: { ...pairMetrics(chosen, rejected, batch), 'length-difference': pairMean(longer, batch) },
  };
}

/** R-DPO: `rDpoLoss` as a definition. */
export const rDpo = defineAlgorithm({
  name: 'r-dpo',
  paper: {
    title: 'Disentangling Length from Quality in Direct Preference Optimization',
    url: 'https://arxiv.org/abs/2403.19159',
    equations: 'section 4, the regularised objective',
  },
  batch: 'pairwise',
  options: rDpoOptions,
  needs: () => ({ reference: true }),
  loss: rDpoLoss,
});
