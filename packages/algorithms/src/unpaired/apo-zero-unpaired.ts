import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { UnpairedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { sequenceLogRatios } from '../sequences.ts';
import { byJudgement, unpairedMean, unpairedMetrics } from './unpaired-metrics.ts';

/** Options of APO-zero on single answers. */
export const apoZeroUnpairedOptions = z.strictObject({
  /** Strength of the pull towards the reference model. */
  beta: z.number().positive().default(0.1),
  /** Weight of the desirable examples' losses. */
  desirableWeight: z.number().positive().default(1),
  /** Weight of the undesirable examples' losses. */
  undesirableWeight: z.number().positive().default(1),
});

/** Parsed options of APO-zero on single answers. */
export type ApoZeroUnpairedOptions = z.output<typeof apoZeroUnpairedOptions>;

/**
 * APO-zero for answers without partners: KTO with its zero point at 0. With r = log(π/π_ref):
 * desirable 1 − σ(β r), undesirable σ(β r). For answers that are better (worse) than what the model writes by itself.
 *
 * Metrics: mean rewards β r of both kinds and their difference.
 */
export function apoZeroUnpairedLoss(batch: UnpairedBatch, options: ApoZeroUnpairedOptions): LossResult {
  const rewards: Tensor1D = tf.mul(sequenceLogRatios(batch, 'apo-zero-unpaired'), options.beta);
  const perExample = byJudgement(
    batch,
    tf.mul(tf.sigmoid(tf.neg(rewards)), options.desirableWeight),
    tf.mul(tf.sigmoid(rewards), options.undesirableWeight),
  );
  return {
    loss: unpairedMean(perExample, batch),
    metrics: unpairedMetrics(rewards, batch, 'apo-zero-unpaired'),
  };
}

/** APO-zero on single answers: `apoZeroUnpairedLoss` as a definition. */
export const apoZeroUnpaired = defineAlgorithm({
  name: 'apo-zero-unpaired',
  paper: {
    title:
      'Anchored Preference Optimization and Contrastive Revisions: Addressing Underspecification in Alignment',
    url: 'https://arxiv.org/abs/2408.06266',
    equations: 'eq. 7, each term by itself',
  },
  batch: 'unpaired',
  options: apoZeroUnpairedOptions,
  needs: () => ({ reference: true }),
  loss: apoZeroUnpairedLoss,
});
