import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ContrastiveBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { batchSimilarity, learned, retrievalAccuracy, softCrossEntropy } from './similarity.ts';

/** Options of CLIP. */
export const clipTrainingOptions = z.strictObject({
  /** The learned scale of similarities is at most this. */
  maxScale: z.number().positive().default(100),
});

/** Parsed options of CLIP. */
export type ClipTrainingOptions = z.output<typeof clipTrainingOptions>;

/**
 * The symmetric InfoNCE loss of CLIP (figure 3 of the paper): cosine similarities times the learned scale
 * `exp(scalars.logScale)`, at most `maxScale`; the cross-entropy of finding each left's right among all of the step, and
 * each right's left, averaged.
 *
 * Metrics: `accuracy/left` and `accuracy/right`, how often that succeeds; `scale`.
 */
export function clipLoss(batch: ContrastiveBatch, { maxScale }: ClipTrainingOptions): LossResult {
  const scale = tf.exp(tf.minimum(learned(batch, 'logScale', 'clip'), Math.log(maxScale))) as Scalar;
  const logits: Tensor2D = tf.mul(batchSimilarity(batch, 'clip'), scale);
  const back = tf.transpose(logits) as Tensor2D;
  const own = tf.eye(logits.shape[0]);
  const both = tf.add(softCrossEntropy(logits, own, batch.totals), softCrossEntropy(back, own, batch.totals));
  return {
    loss: tf.mul(both, 0.5),
    metrics: {
      'accuracy/left': retrievalAccuracy(logits, batch.totals),
      'accuracy/right': retrievalAccuracy(back, batch.totals),
      scale,
    },
  };
}

/** CLIP: `clipLoss` as a definition. */
export const clip = defineAlgorithm({
  name: 'clip',
  paper: {
    title: 'Learning Transferable Visual Models From Natural Language Supervision',
    url: 'https://arxiv.org/abs/2103.00020',
    equations: 'figure 3',
  },
  batch: 'contrastive',
  options: clipTrainingOptions,
  needs: () => ({ wholeBatch: true, leastExamples: 2, scalars: { logScale: Math.log(1 / 0.07) } }),
  loss: clipLoss,
});
