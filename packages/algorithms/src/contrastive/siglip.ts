import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ContrastiveBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { exampleMean } from '../masked.ts';
import { batchSimilarity, learned, retrievalAccuracy } from './similarity.ts';

/**
 * SigLIP (algorithm 1): every pair of a left and a right is judged for itself, `−Σᵢⱼ log σ(zᵢⱼ (t sᵢⱼ + b)) / examples`
 * with z = 1 for what belongs together and −1 else, t = `exp(scalars.logScale)` and b = `scalars.bias`. No softmax over
 * the step, so that small steps work too.
 *
 * Metrics: `accuracy/left` and `accuracy/right`; `scale`; `bias`.
 */
export function siglipLoss(batch: ContrastiveBatch): LossResult {
  const scale = tf.exp(learned(batch, 'logScale', 'siglip')) as Scalar;
  const bias = learned(batch, 'bias', 'siglip');
  const logits: Tensor2D = tf.add(tf.mul(batchSimilarity(batch, 'siglip'), scale), bias);
  const signs = tf.sub(tf.mul(tf.eye(logits.shape[0]), 2), 1);
  // −log σ(x) = softplus(−x)
  const pairs = tf.sum(tf.softplus(tf.neg(tf.mul(signs, logits))), 1) as Tensor1D;
  return {
    loss: exampleMean(pairs, batch.totals),
    metrics: {
      'accuracy/left': retrievalAccuracy(logits, batch.totals),
      'accuracy/right': retrievalAccuracy(tf.transpose(logits) as Tensor2D, batch.totals),
      scale,
      bias: tf.clone(bias),
    },
  };
}

/** SigLIP: `siglipLoss` as a definition. It has no options. */
export const siglip = defineAlgorithm({
  name: 'siglip',
  paper: {
    title: 'Sigmoid Loss for Language Image Pre-Training',
    url: 'https://arxiv.org/abs/2303.15343',
    equations: 'algorithm 1',
  },
  batch: 'contrastive',
  options: z.strictObject({}),
  needs: () => ({ wholeBatch: true, leastExamples: 2, scalars: { logScale: Math.log(10), bias: -10 } }),
  loss: siglipLoss,
});
