import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { UnpairedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';
import { required } from '../sequences.ts';
import { withoutGradient } from '../stop-gradient.ts';

/** Options of CRINGE. */
export const cringeOptions = z.strictObject({
  /** Weight of the undesirable examples' loss. */
  alpha: z.number().positive().default(1),
  /** How many of the policy's likeliest other tokens an undesirable one is compared with. */
  topK: z.number().int().positive().default(5),
});

/** Parsed options of CRINGE. */
export type CringeOptions = z.output<typeof cringeOptions>;

/**
 * The CRINGE loss. Tokens of desirable examples have their negative log-likelihood. A token of an undesirable example,
 * of logit s⁻, is pushed below what the policy would say in its place: `−log σ(s⁺ − s⁻)` for a token s⁺ of the
 * `topK` likeliest others. A mean over all tokens of the step.
 *
 * Differs from the paper: s⁺ is not drawn from the softmax of those logits; the loss is the expectation over that draw,
 * its weights a constant, which has the same mean and no variance.
 *
 * Metrics, shares of the means over all tokens: `nll` of the desirable ones, `contrast` of the undesirable.
 */
export function cringeLoss(batch: UnpairedBatch, { alpha, topK }: CringeOptions): LossResult {
  const { logProbs, mask, desirable, weights, totals } = batch;
  const good = tf.expandDims(desirable, 1);
  const nll: Tensor2D = tf.neg(tf.mul(logProbs, good));
  const contrast: Tensor2D = tf.mul(contrastOf(batch, topK), tf.sub(1, good));
  const loss: Tensor2D = tf.add(nll, tf.mul(contrast, alpha));
  const weighed: Tensor2D = weights ? tf.mul(loss, tf.expandDims(weights, 1)) : loss;
  return {
    loss: tokenMean(weighed, mask, totals),
    metrics: { nll: tokenMean(nll, mask, totals), contrast: tokenMean(contrast, mask, totals) },
  };
}

/** E[−log σ(s⁺ − s⁻)] at each token, `[batch, seq]`. */
function contrastOf(batch: UnpairedBatch, topK: number): Tensor2D {
  const logits = required(batch.logits, 'cringe', 'logits');
  const labels = required(batch.labels, 'cringe', 'labels');
  const all: Tensor3D = tf.logSoftmax(logits);
  const below = tf.softplus(tf.sub(tf.expandDims(batch.logProbs, 2), all));
  return tf.sum(tf.mul(drawWeights(all, labels, topK), below), 2);
}

/**
 * Probability that each token is drawn as the positive one: the softmax of the `topK` likeliest tokens but the label.
 *
 * @returns `[batch, seq, vocab]`
 */
function drawWeights(logProbs: Tensor3D, labels: Tensor2D, topK: number): Tensor3D {
  return withoutGradient(logProbs, (all): Tensor3D => {
    const vocabulary = all.shape[2];
    const others: Tensor3D = tf.sub(all, tf.mul(tf.oneHot(labels, vocabulary), 1e9));
    const count = Math.min(topK, vocabulary - 1);
    const least = tf.slice(tf.topk(others, count).values, [0, 0, count - 1], [-1, -1, 1]);
    // Tokens that tie with the last of the top k count as well.
    return tf.softmax(tf.where(tf.greaterEqual(others, least), others, tf.fill(others.shape, -1e9)));
  });
}

/** The CRINGE loss: `cringeLoss` as a definition. */
export const cringe = defineAlgorithm({
  name: 'cringe',
  paper: {
    title: 'The CRINGE Loss: Learning what language not to model',
    url: 'https://arxiv.org/abs/2211.05826',
    equations: 'section 3',
  },
  batch: 'unpaired',
  options: cringeOptions,
  needs: () => ({ logits: true }),
  loss: cringeLoss,
});
