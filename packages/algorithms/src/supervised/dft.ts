import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { SupervisedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';
import { stopGradient } from '../stop-gradient.ts';

/**
 * Dynamic fine-tuning: `−Σ sg(p(token)) log p(token) / tokens`. The gradient of plain fine-tuning is that of a policy
 * gradient with a reward of 1/p, which is huge for unlikely tokens; weighing each token by its probability, as a
 * constant, takes that factor away. The batch's `weights` multiply it.
 */
export function dftLoss({ logProbs, mask, weights, totals }: SupervisedBatch): LossResult {
  // Padding may hold any number, above 0 too: keep its exponential finite.
  const probabilities = stopGradient(tf.exp(tf.minimum(logProbs, 0)) as Tensor2D);
  const gain: Tensor2D = tf.mul(probabilities, logProbs);
  return { loss: tf.neg(tokenMean(weights ? tf.mul(gain, weights) : gain, mask, totals)), metrics: {} };
}

/** Dynamic fine-tuning: `dftLoss` as a definition. It has no options. */
export const dft = defineAlgorithm({
  name: 'dft',
  paper: {
    title: 'On the Generalization of SFT: A Reinforcement Learning Perspective with Reward Rectification',
    url: 'https://arxiv.org/abs/2508.05629',
    equations: 'section 3, the DFT loss',
  },
  batch: 'supervised',
  options: z.strictObject({}),
  loss: dftLoss,
});
