import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ContrastiveBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { batchSimilarity, retrievalAccuracy, softCrossEntropy } from './similarity.ts';

/** Options of InfoNCE. */
export const infonceOptions = z.strictObject({
  /** Divides cosine similarities. */
  temperature: z.number().positive().default(0.07),
});

/** Parsed options of InfoNCE. */
export type InfonceOptions = z.output<typeof infonceOptions>;

/**
 * InfoNCE (eq. 4): the cross-entropy of finding each left's own right among the rights of the step. Its negative plus
 * log(examples) is a lower bound of the mutual information of the two views.
 *
 * Metrics: `accuracy`; `information`, that bound in nats.
 */
export function infonceLoss(batch: ContrastiveBatch, { temperature }: InfonceOptions): LossResult {
  const logits: Tensor2D = tf.div(batchSimilarity(batch, 'infonce'), temperature);
  const loss = softCrossEntropy(logits, tf.eye(logits.shape[0]), batch.totals);
  return {
    loss,
    metrics: {
      accuracy: retrievalAccuracy(logits, batch.totals),
      information: tf.sub(tf.log(batch.totals.examples), loss),
    },
  };
}

/** InfoNCE: `infonceLoss` as a definition. */
export const infonce = defineAlgorithm({
  name: 'infonce',
  paper: {
    title: 'Representation Learning with Contrastive Predictive Coding',
    url: 'https://arxiv.org/abs/1807.03748',
    equations: 'eq. 4, 5',
  },
  batch: 'contrastive',
  options: infonceOptions,
  needs: () => ({ wholeBatch: true, leastExamples: 2 }),
  loss: infonceLoss,
});
