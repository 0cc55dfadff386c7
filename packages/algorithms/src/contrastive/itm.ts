import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ContrastiveBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { exampleMean } from '../masked.ts';
import { stopGradient } from '../stop-gradient.ts';
import { itcLoss, itcOptions } from './itc.ts';
import { cosineSimilarity, requireTwo } from './similarity.ts';

/** Options of ITM. */
export const itmOptions = z.strictObject({
  /** `hardest`: the most similar wrong partner. `sampled`: one drawn by similarity, as in the paper; needs `draws`. */
  negatives: z.enum(['hardest', 'sampled']).default('hardest'),
  /**
   * Weight of the contrastive loss (`itcLoss`, without momentum) beside: the paper trains both together, so that similar
   * wrong partners stay hard ones. 0: matching alone.
   */
  itcWeight: z.number().min(0).default(0),
  /** The contrastive loss's learned temperature is kept at or above this: a small one drowns what matching learns from. */
  minTemperature: itcOptions.shape.minTemperature,
  /** Divides similarities before negatives are drawn. */
  temperature: z.number().positive().default(0.07),
});

/** Parsed options of ITM. */
export type ItmOptions = z.output<typeof itmOptions>;

/** Similarity of what must not be chosen. */
const NEVER = -1e9;

/**
 * A wrong partner for each row: not its own, and hard to tell from it. No gradient.
 *
 * @param similarity `[batch, batch]`
 * @param draws uniform in [0, 1), `[batch, batch]`: sample by softmax(similarity) instead (the Gumbel-max trick)
 * @returns int32 `[batch]`
 */
export function hardNegatives(similarity: Tensor2D, draws?: Tensor2D): Tensor1D {
  const own = tf.cast(tf.eye(similarity.shape[0]), 'bool');
  const noise = draws && tf.neg(tf.log(tf.neg(tf.log(tf.clipByValue(draws, 1e-7, 1 - 1e-7)))));
  const scores = noise ? tf.add(similarity, noise) : similarity;
  return tf.argMax(tf.where(own, tf.fill(similarity.shape, NEVER), scores), 1);
}

/**
 * Image-text matching (ALBEF, eq. 4; BLIP; BLIP-2): a fused encoder (`batch.match`) looks at a left and a right together
 * and says whether they belong together. Each example is seen three times: with its partner, its left with a hard wrong
 * right, and its right with a hard wrong left. The loss is the binary cross-entropy, a mean over all three.
 *
 * Metrics: `accuracy`; `accuracy/negatives`; with `itcWeight` those of `itcLoss`.
 */
export function itmLoss(batch: ContrastiveBatch, options: ItmOptions): LossResult {
  const { negatives, temperature, itcWeight, minTemperature } = options;
  const { left, right, match, draws, totals } = batch;
  requireTwo(left, 'itm');
  if (!match) throw new Error('itm: the batch lacks match, the fused encoder over pairs');
  if (negatives === 'sampled' && !draws)
    throw new Error('itm: sampled negatives need draws, which the batch lacks');
  const similarity = tf.div(stopGradient(cosineSimilarity(left, right)), temperature) as Tensor2D;
  const chance = negatives === 'sampled' ? draws : undefined;
  const wrongRight = hardNegatives(similarity, chance);
  const wrongLeft = hardNegatives(tf.transpose(similarity) as Tensor2D, chance);
  const own = tf.range(0, left.shape[0], 1, 'int32');
  const logits = match(
    tf.concat([own, own, wrongLeft]) as Tensor1D,
    tf.concat([own, wrongRight, own]) as Tensor1D,
  );
  const count = left.shape[0];
  const labels = tf.concat([tf.ones([count]), tf.zeros([2 * count])]) as Tensor1D;
  // Two logits: against, for. Their difference is a logistic regression's logit.
  const [against, agree] = tf.unstack(logits, 1) as [Tensor1D, Tensor1D];
  const logit = tf.sub(agree, against);
  const signs = tf.sub(tf.mul(labels, 2), 1);
  const losses = tf.softplus(tf.neg(tf.mul(logit, signs))) as Tensor1D;
  const right01 = tf.cast(tf.greater(tf.mul(logit, signs), 0), 'float32') as Tensor1D;
  const wrong = tf.sub(1, labels) as Tensor1D;
  const matching: Scalar = tf.div(exampleMean(losses, totals), 3);
  const contrast = itcWeight > 0 ? itcLoss(batch, itcOptions.parse({ minTemperature })) : undefined;
  return {
    loss: contrast ? tf.add(matching, tf.mul(contrast.loss, itcWeight)) : matching,
    metrics: {
      ...contrast?.metrics,
      accuracy: tf.div(exampleMean(right01, totals), 3),
      'accuracy/negatives': tf.div(exampleMean(tf.mul(right01, wrong), totals), 2),
    },
  };
}

/** Image-text matching: `itmLoss` as a definition. */
export const itm = defineAlgorithm({
  name: 'itm',
  paper: {
    title: 'Align before Fuse: Vision and Language Representation Learning with Momentum Distillation',
    url: 'https://arxiv.org/abs/2107.07651',
    equations: 'eq. 4',
  },
  batch: 'contrastive',
  options: itmOptions,
  needs: ({ negatives, itcWeight }) => ({
    wholeBatch: true,
    leastExamples: 2,
    matcher: true,
    draws: negatives === 'sampled',
    ...(itcWeight > 0 && { scalars: { temperature: 0.07 } }),
  }),
  loss: itmLoss,
});
