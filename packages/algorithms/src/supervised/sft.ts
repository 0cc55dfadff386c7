import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { SupervisedBatch, Totals } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { exampleMean, sequenceMeans, tokenMean } from '../masked.ts';
import { required } from '../sequences.ts';

/** How a loss per token becomes one number. */
const average = z.enum(['tokens', 'sequences']);

/** Options of supervised fine-tuning. */
export const sftOptions = z.strictObject({
  /** Share of each target given to the whole vocabulary evenly (arXiv 1512.00567). Above 0 it needs logits. */
  labelSmoothing: z.number().min(0).lt(1).default(0),
  /** `tokens`: every token weighs the same. `sequences`: every sequence does, however long; the data is not packed. */
  average: average.default('tokens'),
});

/** Parsed options of supervised fine-tuning. */
export type SftOptions = z.output<typeof sftOptions>;

/**
 * Supervised fine-tuning (and pre-training): the negative log-likelihood of the target tokens,
 * `−Σ w log p(token) / tokens`, over the tokens of the whole optimizer step. Dividing by the step's tokens
 * rather than each micro-batch's is what makes gradient accumulation exact with sequences of unequal lengths.
 *
 * `w` are the batch's `weights`, per token (for a whole sequence: the same for all of its tokens), 1 where absent. They
 * scale a token's gradient and are not normalised: weights of 2 everywhere double the loss.
 *
 * With label smoothing ε a token's loss is `−(1 − ε) log p(token) − ε mean_v log p(v)`.
 *
 * The model computes log-probabilities in chunks, without ever holding all logits, unless label smoothing needs them.
 */
export function sftLoss(batch: SupervisedBatch, options: SftOptions): LossResult {
  const { logProbs, logits, mask, weights, totals } = batch;
  const { labelSmoothing: epsilon } = options;
  let gain: Tensor2D = logProbs;
  if (epsilon > 0) {
    const all = tf.logSoftmax(required(logits, 'sft', 'logits, which labelSmoothing needs'));
    gain = tf.add(tf.mul(logProbs, 1 - epsilon), tf.mul(tf.mean(all, -1), epsilon));
  }
  const weighted: Tensor2D = weights ? tf.mul(gain, weights) : gain;
  return { loss: tf.neg(averaged(weighted, mask, totals, options.average)), metrics: {} };
}

/**
 * A share of the mean of `values` over the step.
 * @param values `[batch, seq]`
 */
export function averaged(
  values: Tensor2D,
  mask: Tensor2D,
  totals: Totals,
  over: z.output<typeof average>,
): Scalar {
  return over === 'tokens'
    ? tokenMean(values, mask, totals)
    : exampleMean(sequenceMeans(values, mask), totals);
}

/** Supervised fine-tuning: `sftLoss` as a definition. */
export const sft = defineAlgorithm({
  name: 'sft',
  paper: {
    title: 'Training language models to follow instructions with human feedback',
    url: 'https://arxiv.org/abs/2203.02155',
    equations: 'section 3.5, supervised fine-tuning',
  },
  batch: 'supervised',
  options: sftOptions,
  needs: ({ labelSmoothing, average }) => ({ logits: labelSmoothing > 0, unpacked: average === 'sequences' }),
  loss: sftLoss,
});
