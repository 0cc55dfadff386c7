import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { SupervisedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';
import { required } from '../sequences.ts';

/** Options of PAFT's supervised half. */
export const paftOptions = z.strictObject({
  /** Weight of the sum of absolute values of the adapter's parameters. */
  sparsity: z.number().positive().default(1e-4),
});

/** Parsed options of PAFT's supervised half. */
export type PaftOptions = z.output<typeof paftOptions>;

/**
 * The supervised half of PAFT, parallel fine-tuning: one adapter learns from demonstrations, another from preferences
 * (`dpo`, `orpo`), both from the same model, and `mergeDeltas` or `concatenateLora` makes one of the two. Preference
 * training leaves sparse changes, fine-tuning dense ones; a penalty makes these sparse too, so that they interfere less:
 * `NLL + λ ‖δ‖₁`, with δ the adapter's parameters. (`sft` without the penalty and `dpo` are plain parallel training.)
 *
 * A micro-batch takes the share of the penalty that it has of the step's tokens, so that the shares add up to it.
 *
 * Metrics: `l1`, the sum of absolute values; `nll`.
 */
export function paftLoss(batch: SupervisedBatch, { sparsity }: PaftOptions): LossResult {
  const { logProbs, mask, weights, totals } = batch;
  const adapter = required(
    batch.adapter,
    'paft',
    'adapter: train with LoRA, so that there is one to keep sparse',
  );
  const nll: Scalar = tf.neg(tokenMean(weights ? tf.mul(logProbs, weights) : logProbs, mask, totals));
  const share = tf.div(tf.sum(mask), totals.tokens);
  const l1: Scalar = tf.mul(l1Norm(Object.values(adapter)), share);
  return { loss: tf.add(nll, tf.mul(l1, sparsity)), metrics: { l1, nll } };
}

/** Sum of the absolute values of all parameters. */
function l1Norm(parameters: Tensor[]): Scalar {
  return parameters.map((x): Scalar => tf.sum(tf.abs(x))).reduce((a, b) => tf.add(a, b), tf.scalar(0));
}

/** The supervised half of PAFT: `paftLoss` as a definition. */
export const paft = defineAlgorithm({
  name: 'paft',
  paper: {
    title: 'PAFT: A Parallel Training Paradigm for Effective LLM Fine-Tuning',
    url: 'https://arxiv.org/abs/2406.17923',
    equations: 'section 3, L1 regularisation of δ_sft',
  },
  batch: 'supervised',
  options: paftOptions,
  needs: () => ({ adapter: true }),
  loss: paftLoss,
});
